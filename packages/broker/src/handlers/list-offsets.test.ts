import { errorCodeOf } from "@millrace/protocol";
import {
  deleteRecordsApi,
  listOffsetsApi,
  offsetForLeaderEpochApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { runWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

async function withRecords(story: (client: TestClient) => Promise<void>): Promise<void> {
  await withClient(async ({ client }) => {
    await client.createTopic("orders");
    await client.produce("orders", ["a", "b", "c"]);
    await story(client);
  });
}

async function leaderEpochOf(client: TestClient): Promise<number> {
  const partitions = [{ partitionIndex: 0, timestamp: -1 }];
  const topics = [{ name: "orders", partitions }];
  const answer = await client.ask(listOffsetsApi, 7, { replicaId: -1, topics });
  return answer?.topics[0].partitions[0].leaderEpoch ?? -1;
}

test("ListOffsets: ends, times, and a partition that stands there twice", () =>
  withRecords(async (client) => {
    const offsetOf = async (timestamp: number, again: readonly number[] = []) => {
      const partitions = [timestamp, ...again].map((time) => ({
        partitionIndex: 0,
        timestamp: time,
      }));
      const answer = await client.ask(listOffsetsApi, 7, {
        replicaId: -1,
        topics: [{ name: "orders", partitions }],
      });
      const [{ errorCode, offset }] = answer?.topics[0].partitions ?? [];
      return errorCode === 0 ? offset : errorCode;
    };
    expect(await offsetOf(-1)).toBe(3);
    expect(await offsetOf(-2)).toBe(0);
    expect(await offsetOf(-3)).toBe(0);
    expect(await offsetOf(1)).toBe(0);
    expect(await offsetOf(2 ** 52)).toBe(-1);
    expect(await offsetOf(-1, [-2])).toBe(errorCodeOf("INVALID_REQUEST"));
  }));

test("DeleteRecords: moves the start, not beyond what is there", () =>
  withRecords(async (client) => {
    const remove = async (name: string, offset: number) => {
      const partitions = [{ partitionIndex: 0, offset }];
      const topics = [{ name, partitions }];
      const answer = await client.ask(deleteRecordsApi, 2, { timeoutMs: 1000, topics });
      const [{ errorCode, lowWatermark }] = answer?.topics[0].partitions ?? [];
      return [errorCode, lowWatermark];
    };
    expect(await remove("orders", 2)).toEqual([0, 2]);
    expect(await remove("orders", 1)).toEqual([0, 2]);
    expect(await remove("orders", 9)).toEqual([errorCodeOf("OFFSET_OUT_OF_RANGE"), -1]);
    expect(await remove("nowhere", 1)).toEqual([errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"), -1]);
    expect((await client.fetch("orders", 1))?.errorCode).toBe(errorCodeOf("OFFSET_OUT_OF_RANGE"));
  }));

async function epochEndOf(
  client: TestClient,
  leaderEpoch: number,
  { topic = "orders", now = -1 } = {},
) {
  const partitions = [{ partition: 0, leaderEpoch, currentLeaderEpoch: now }];
  const answer = await client.ask(offsetForLeaderEpochApi, 4, { topics: [{ topic, partitions }] });
  const [{ errorCode, endOffset }] = answer?.topics[0].partitions ?? [];
  return errorCode === 0 ? endOffset : errorCode;
}

test("OffsetForLeaderEpoch: where an epoch ends, and nothing for one that never was", () =>
  withRecords(async (client) => {
    const leaderEpoch = await leaderEpochOf(client);
    expect(await epochEndOf(client, leaderEpoch)).toBe(3);
    expect(await epochEndOf(client, 500)).toBe(-1);
    expect(await epochEndOf(client, leaderEpoch, { now: 500 })).toBe(
      errorCodeOf("UNKNOWN_LEADER_EPOCH"),
    );
    expect(await epochEndOf(client, 1, { topic: "nowhere" })).toBe(
      errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"),
    );
  }));

/** A consumer at the end has the epoch of its broker, whose next start may find no record of it. */
test("OffsetForLeaderEpoch: an epoch without records, or whose records were deleted, ends where the next one begins", () =>
  runWorld({}, async ({ start }) => {
    const first = await start();
    await first.client.createTopic("orders");
    await first.client.produce("orders", ["a", "b", "c"]);
    const epochs = [await leaderEpochOf(first.client)];
    await first.broker.close();
    for (const isDeleted of [false, false, true, true]) {
      const { broker, client } = await start();
      for (const epoch of epochs) expect(await epochEndOf(client, epoch)).toBe(3);
      epochs.push(await leaderEpochOf(client));
      const topics = [{ name: "orders", partitions: [{ partitionIndex: 0, offset: 3 }] }];
      if (isDeleted) await client.ask(deleteRecordsApi, 2, { topics, timeoutMs: 1000 });
      await broker.close();
    }
  }));
