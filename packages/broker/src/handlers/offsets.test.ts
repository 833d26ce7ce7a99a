import { errorCodeOf } from "@millrace/protocol";
import { offsetCommitApi, offsetDeleteApi, offsetFetchApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const groupId = "workers";
const unknown = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");

async function commit(
  client: TestClient,
  offsets: readonly (readonly [partition: number, offset: number])[],
  committedMetadata = "",
) {
  const partitions = offsets.map(([partitionIndex, committedOffset]) => ({
    partitionIndex,
    committedOffset,
    committedMetadata,
  }));
  const topics = [{ name: "orders", partitions }];
  const answer = await client.ask(offsetCommitApi, 9, { groupId, memberId: "", topics });
  return answer?.topics[0].partitions.map(({ errorCode }) => errorCode);
}

async function committed(client: TestClient, partitionIndexes: readonly number[]) {
  const topics = [{ name: "orders", partitionIndexes }];
  const answer = await client.ask(offsetFetchApi, 9, { groups: [{ groupId, topics }] });
  return answer?.groups[0].topics[0].partitions.map(({ committedOffset }) => committedOffset);
}

test("OffsetCommit, OffsetFetch: what was committed last, -1 where nothing was", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders", 2);
    expect(await commit(client, [[0, 5]])).toEqual([0]);
    expect(
      await commit(client, [
        [0, 6],
        [7, 1],
      ]),
    ).toEqual([unknown, 0]);
    expect(await committed(client, [0, 1])).toEqual([6, -1]);
    const all = await client.ask(offsetFetchApi, 9, { groups: [{ groupId, topics: null }] });
    expect(all?.groups[0].topics).toMatchObject([
      { name: "orders", partitions: [{ partitionIndex: 0 }] },
    ]);
  }));

test("OffsetCommit: of a partition that stands there twice the last offset counts", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    expect(
      await commit(client, [
        [0, 5],
        [0, 9],
      ]),
    ).toEqual([0, 0]);
    expect(await committed(client, [0])).toEqual([9]);
  }));

test("OffsetCommit: metadata beyond the bound, and members that are none, are refused", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const tooLarge = [errorCodeOf("OFFSET_METADATA_TOO_LARGE")];
    expect(await commit(client, [[0, 5]], "x".repeat(5000))).toEqual(tooLarge);
    const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: "" }];
    const answer = await client.ask(offsetCommitApi, 9, {
      groupId: "none",
      memberId: "nobody",
      generationIdOrMemberEpoch: 3,
      topics: [{ name: "orders", partitions }],
    });
    expect(answer?.topics[0].partitions[0].errorCode).toBe(errorCodeOf("GROUP_ID_NOT_FOUND"));
  }));

test("OffsetDelete: forgets positions", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    await commit(client, [[0, 5]]);
    const partitions = [{ partitionIndex: 0 }, { partitionIndex: 0 }, { partitionIndex: 7 }];
    const topics = [{ name: "orders", partitions }];
    const answer = await client.ask(offsetDeleteApi, 0, { groupId, topics });
    expect(answer?.topics[0].partitions.map(({ errorCode }) => errorCode)).toEqual([unknown, 0, 0]);
    expect(await committed(client, [0])).toEqual([-1]);
    const none = await client.ask(offsetDeleteApi, 0, { groupId: "none", topics });
    expect(none?.errorCode).toBe(errorCodeOf("GROUP_ID_NOT_FOUND"));
  }));
