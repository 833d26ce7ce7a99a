import { ReadMemory } from "@millrace/log";
import { decodeUtf8 } from "@millrace/model";
import { errorCodeOf } from "@millrace/protocol";
import { deleteRecordsApi, fetchApi } from "@millrace/protocol/definitions";
import { RecordBatchReader } from "@millrace/protocol/records";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Partition } from "../partition/partition.ts";
import { UnreadAnswers } from "../server/unread-answers.ts";
import { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

afterEach(() => vi.restoreAllMocks());

const targetOf = (partition: number, fetchOffset = 0) => ({
  partition,
  fetchOffset,
  partitionMaxBytes: 1_000_000,
});

function firstRecord(bytes: Uint8Array): RecordBatchReader {
  const reader = new RecordBatchReader({ bytes });
  reader.next();
  return reader;
}

const bufferOf = ({ buffer }: Uint8Array) => buffer;

describe("Fetch", () => {
  test("waits for enough bytes, and no longer than it may", () =>
    withClient(async ({ client, platform }) => {
      await client.createTopic("orders");
      const startMs = platform.clock.monotonicMs();
      const late = await client.fetch("orders", 0, 300);
      expect(late?.records).toHaveLength(0);
      expect(platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(300);
      await client.produce("orders", ["a"]);
      expect((await client.fetch("orders", 0, 60_000))?.records?.length).toBeGreaterThan(60);
    }));

  test("answers that wait to be sent keep their bytes while others are read from the files", () =>
    withClient(async ({ client, platform }) => {
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await client.createTopic("orders");
      const valueOf = (index: number) => String.fromCharCode(97 + index).repeat(200_000);
      for (let index = 0; index < 20; index++) await client.produce("orders", [valueOf(index)]);
      // Three rounds: the memory of the first one serves the others.
      for (let round = 0; round < 3; round++) {
        const answers = Array.from({ length: 8 }, (_, index) =>
          (index < 4 ? client : other).fetch("orders", index),
        );
        for (const [index, answer] of (await Promise.all(answers)).entries()) {
          const records = answer?.records ?? new Uint8Array(0);
          const { value } = firstRecord(records);
          expect(decodeUtf8(value ?? new Uint8Array(0)) === valueOf(index)).toBe(true);
        }
      }
    }));

  test("that waits holds nothing of what it has read", () =>
    withClient(async ({ client, platform }) => {
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      await client.createTopic("orders");
      for (let index = 0; index < 20; index++)
        await client.produce("orders", ["x".repeat(200_000)]);
      const take = vi.spyOn(ReadMemory.prototype, "take");
      const giveBack = vi.spyOn(ReadMemory.prototype, "giveBack");
      const asked = other.ask(fetchApi, 12, {
        maxWaitMs: 1000,
        minBytes: 40_000_000,
        maxBytes: 50_000_000,
        topics: [{ topic: "orders", partitions: [targetOf(0)] }],
      });
      for (let count = 0; count < 3; count++) await client.produce("orders", ["a"]);
      const given = new Set(giveBack.mock.calls.flatMap(([views]) => views.map(bufferOf)));
      const taken = take.mock.results.map(({ value }) => bufferOf(value));
      expect(taken).toHaveLength(1);
      expect(taken.filter((buffer) => !given.has(buffer))).toEqual([]);
      expect((await asked)?.responses[0].partitions[0].records?.length).toBeGreaterThan(900_000);
    }));

  test("counts what it reads as an answer that nobody takes, until it is one", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      for (let count = 0; count < 3; count++) await client.produce("orders", ["a"]);
      const add = vi.spyOn(UnreadAnswers.prototype, "add");
      const sizeBytes = (await client.fetch("orders", 0))?.records?.length ?? 0;
      const [[read], [given]] = add.mock.calls;
      expect([read, given]).toEqual([sizeBytes, -sizeBytes]);
      expect(add.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0)).toBe(0);
    }));

  test("that waits looks at the partition that has changed alone", () =>
    withClient(async ({ client, platform }) => {
      await client.createTopic("many", 50);
      await client.createTopic("orders");
      const read = vi.spyOn(Partition.prototype, "read");
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      const partitions = Array.from({ length: 50 }, (_, index) => targetOf(index));
      const asked = other.ask(fetchApi, 12, {
        maxWaitMs: 1000,
        minBytes: 1_000_000,
        topics: [{ topic: "many", partitions }],
      });
      for (let count = 0; count < 20; count++) await client.produce("many", ["a"]);
      expect(read.mock.calls.length).toBeLessThanOrEqual(20);
      const answer = await asked;
      expect(answer?.responses[0].partitions[0].records?.length).toBeGreaterThan(20 * 60);
    }));

  test("that waits looks at what has come alone, as far as it wants it", () =>
    withClient(async ({ client, platform }) => {
      await client.createTopic("orders");
      for (let count = 0; count < 5; count++) await client.produce("orders", ["a"]);
      const sizeBytes = (await client.fetch("orders", 0))?.records?.length ?? 0;
      const read = vi.spyOn(Partition.prototype, "read");
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      const ask = (partitionMaxBytes: number, minBytes: number) =>
        other.ask(fetchApi, 12, {
          maxWaitMs: 1000,
          minBytes,
          topics: [{ topic: "orders", partitions: [{ ...targetOf(0), partitionMaxBytes }] }],
        });
      const asked = ask(1_000_000, 2 * sizeBytes);
      for (let count = 0; count < 5; count++) await client.produce("orders", ["b"]);
      expect((await asked)?.responses[0].partitions[0].records).toHaveLength(2 * sizeBytes);
      expect(read.mock.calls.map(([offset]) => offset)).toEqual([0, 5, 6, 7, 8, 9, 0]);
      const askedForLess = ask(sizeBytes, 3 * sizeBytes);
      for (let count = 0; count < 10; count++) await client.produce("orders", ["c"]);
      expect((await askedForLess)?.responses[0].partitions[0].records).toHaveLength(sizeBytes);
    }));

  test("that waits is told at once that what it has seen was deleted", () =>
    withClient(async ({ client, platform }) => {
      await client.createTopic("orders");
      for (let count = 0; count < 5; count++) await client.produce("orders", ["a"]);
      const other = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      const startMs = platform.clock.monotonicMs();
      const asked = other.ask(fetchApi, 12, {
        maxWaitMs: 60_000,
        minBytes: 1_000_000,
        topics: [{ topic: "orders", partitions: [targetOf(0)] }],
      });
      const partitions = [{ partitionIndex: 0, offset: 3 }];
      await platform.timers.sleep(10);
      await client.ask(deleteRecordsApi, 2, {
        topics: [{ name: "orders", partitions }],
        timeoutMs: 1000,
      });
      const { errorCode } = (await asked)?.responses[0].partitions[0] ?? {};
      expect(errorCode).toBe(errorCodeOf("OFFSET_OUT_OF_RANGE"));
      expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1000);
    }));

  test("tells what cannot be read, each partition its own", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      const answer = await client.ask(fetchApi, 12, {
        maxWaitMs: 60_000,
        minBytes: 1,
        topics: [
          { topic: "orders", partitions: [targetOf(0, 5), targetOf(1)] },
          { topic: "nowhere", partitions: [targetOf(0)] },
        ],
      });
      const unknown = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");
      expect(
        answer?.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
      ).toEqual([errorCodeOf("OFFSET_OUT_OF_RANGE"), unknown, unknown]);
    }));

  test("holds to its limits, but for one batch", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      for (let count = 0; count < 3; count++) await client.produce("orders", ["x".repeat(1000)]);
      const sizeWith = async (maxBytes: number) => {
        const answer = await client.ask(fetchApi, 12, {
          maxWaitMs: 0,
          minBytes: 1,
          maxBytes,
          topics: [{ topic: "orders", partitions: [targetOf(0)] }],
        });
        return answer?.responses[0].partitions[0].records?.length ?? 0;
      };
      const [one, all] = [await sizeWith(0), await sizeWith(1_000_000)];
      expect(one).toBeGreaterThan(1000);
      expect(all).toBe(3 * one);
    }));
});
