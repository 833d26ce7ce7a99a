import { errorCodeOf } from "@millrace/protocol";
import {
  describeProducersApi,
  fetchApi,
  listOffsetsApi,
  offsetForLeaderEpochApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { runWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";

const storageError = errorCodeOf("KAFKA_STORAGE_ERROR");
const latest = -1;
const earliest = -2;
const ofGreatestTimestamp = -3;

/** Three records, the second of which is damaged, at a broker that has noticed. */
function withDamagedLog(story: (client: TestClient) => Promise<void>): Promise<void> {
  return runWorld({}, async ({ platform, start }) => {
    const first = await start();
    await first.client.createTopic("orders");
    for (const value of ["a", "b", "c"]) await first.client.produce("orders", [value]);
    await first.broker.close();
    const log = platform.fileSystem.open("/data/orders-0/00000000000000000000.log", "readWrite");
    const size = log.sizeBytes() / 3;
    log.write([new Uint8Array([0xff])], size + size - 1);
    log.close();
    const { broker, client } = await start();
    await client.fetch("orders", 0);
    await story(client);
    await broker.close();
  });
}

test("ListOffsets: where a damaged log ends is not known", () =>
  withDamagedLog(async (client) => {
    const ask = async (timestamp: number, isolationLevel = 0) => {
      const partitions = [{ partitionIndex: 0, timestamp }];
      const topics = [{ name: "orders", partitions }];
      const answer = await client.ask(listOffsetsApi, 7, { replicaId: -1, isolationLevel, topics });
      const { errorCode, offset } = answer?.topics[0].partitions[0] ?? {};
      return errorCode === 0 ? { offset } : { errorCode };
    };
    expect(await ask(earliest)).toEqual({ offset: 0 });
    expect(await ask(1)).toEqual({ offset: 0 });
    const unknown = { errorCode: storageError };
    expect(await ask(latest)).toEqual(unknown);
    expect(await ask(latest, 1)).toEqual(unknown);
    expect(await ask(ofGreatestTimestamp)).toEqual(unknown);
    expect(await ask(2 ** 52)).toEqual(unknown);
  }));

test("OffsetForLeaderEpoch and Fetch: where the last epoch of a damaged log ends is not known", () =>
  withDamagedLog(async (client) => {
    const answer = await client.ask(offsetForLeaderEpochApi, 4, {
      topics: [
        {
          topic: "orders",
          partitions: [1, 2, 3].map((leaderEpoch) => ({ partition: 0, leaderEpoch })),
        },
      ],
    });
    const codes = answer?.topics[0].partitions.map(({ errorCode }) => errorCode);
    expect(codes).toEqual([storageError, storageError, storageError]);
    const wanted = { partition: 0, fetchOffset: 3, lastFetchedEpoch: 1, partitionMaxBytes: 1000 };
    const fetched = await client.ask(fetchApi, 12, {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [{ topic: "orders", partitions: [wanted] }],
    });
    const { errorCode, divergingEpoch } = fetched?.responses[0].partitions[0] ?? {};
    expect(errorCode).toBe(errorCodeOf("CORRUPT_MESSAGE"));
    expect(divergingEpoch?.endOffset).toBe(-1);
  }));

test("DescribeProducers: who writes to a damaged log is not known", () =>
  withDamagedLog(async (client) => {
    const topics = [{ name: "orders", partitionIndexes: [0] }];
    const answer = await client.ask(describeProducersApi, 0, { topics });
    expect(answer?.topics[0].partitions[0].errorCode).toBe(storageError);
  }));
