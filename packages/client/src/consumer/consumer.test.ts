import { decodeUtf8 } from "@millrace/model";
import {
  fetchApi,
  heartbeatApi,
  listOffsetsApi,
  offsetFetchApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { batch } from "../../test-support/play-fetches.ts";
import { playGroup } from "../../test-support/play-group.ts";

test("a rebalance in which the coordinator stops answering half-way is gone through again", () =>
  playGroup(async ({ platform, broker, client }) => {
    let isAway = false;
    broker.on(offsetFetchApi, () => ({
      errorCode: 0,
      groups: [{ groupId: "g", errorCode: isAway ? 14 : 0, topics: [] }],
    }));
    broker.on(listOffsetsApi, () => ({
      topics: [
        { name: "t", partitions: [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0 }] },
      ],
    }));
    broker.on(fetchApi, async ({ topics, maxWaitMs }) => {
      const [row] = topics.flatMap(({ partitions }) => partitions);
      if (row?.fetchOffset !== 0) await platform.timers.sleep(maxWaitMs);
      return {
        throttleTimeMs: 0,
        errorCode: 0,
        sessionId: 0,
        responses:
          row?.fetchOffset === 0
            ? [
                {
                  topicId: "AAAAAAAAAAAAAAAAAAAABA",
                  partitions: [
                    {
                      partitionIndex: 0,
                      errorCode: 0,
                      highWatermark: 1,
                      lastStableOffset: 1,
                      abortedTransactions: null,
                      records: batch(0, ["x"]),
                    },
                  ],
                },
              ]
            : [],
      };
    });
    const consumer = client.consumer({
      groupId: "g",
      topics: ["t"],
      autoOffsetReset: "earliest",
      autoCommitInterval: 0,
      heartbeatInterval: 1000,
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { value } of consumer) seen.push(decodeUtf8(value ?? new Uint8Array()));
    })();
    await platform.timers.sleep(3000);
    expect(seen).toEqual(["x"]);
    isAway = true;
    broker.on(heartbeatApi, () => ({ errorCode: 27 }));
    await platform.timers.sleep(1500);
    broker.on(heartbeatApi, () => ({ errorCode: 0 }));
    await platform.timers.sleep(10_000);
    isAway = false;
    await platform.timers.sleep(10_000);
    expect(consumer.assignment).toHaveLength(1);
    expect(seen).toEqual(["x", "x"]);
    await consumer.close();
    await reading;
  }));
