import { endTxnApi, type endTxnRequest } from "@millrace/protocol/definitions";
import type { Decoded } from "@millrace/protocol";
import { ClusterError } from "@millrace/cluster";
import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";
import { playTransactions, topic } from "../../test-support/play-transactions.ts";

/** What the cluster has no place for: known before it is appended. */
const refusals = [
  { name: "a partition beyond the last", record: { topic, partition: 7 }, code: "RECORD_INVALID" },
  { name: "a topic that is not there", record: { topic: "nowhere" }, code: "TOPIC_NOT_FOUND" },
  {
    name: "a record beyond requestBytesMax",
    record: { topic, value: "x".repeat(5000) },
    code: "RECORD_TOO_LARGE",
  },
];

describe.each(refusals)("$name, refused within a transaction", ({ record, code }) => {
  test.each([1, 2])("fails the commit, though the program passes over it (version %i)", (version) =>
    playTransactions(version, async ({ broker, client, log }) => {
      const producer = client.producer({ transactionalId: "other", requestBytesMax: 4096 });
      const outcomes: unknown[] = [];
      const work = producer.transaction(async () => {
        await producer.send({ topic, value: "a" });
        await producer.send({ value: "b", ...record }).catch((error) => outcomes.push(error));
      });
      await expect(work).rejects.toMatchObject({ code, retriable: false });
      expect(outcomes).toMatchObject([{ code }]);
      const ends = broker.of("EndTxn").map(({ body }) => body as Decoded<typeof endTxnRequest>);
      expect(ends.map(({ committed }) => committed)).toEqual([false]);
      await producer.transaction(async () => {
        await producer.send({ topic, value: "later" });
      });
      expect(log.values).toEqual(["a", "later"]);
    }),
  );

  test("is told by the transaction where nobody awaits it", () =>
    playTransactions(2, async ({ client }) => {
      const producer = client.producer({ transactionalId: "other", requestBytesMax: 4096 });
      const work = producer.transaction(async () => {
        void producer.send({ topic, value: "a" });
        void producer.send({ value: "b", ...record });
      });
      await expect(work).rejects.toMatchObject({ code });
    }));
});

test.each([
  { name: "half of a surrogate pair", value: "\ud800", code: "RECORD_INVALID" },
  { name: "what its serde refuses", value: "bad", code: "SERIALIZATION_FAILED" },
])("$name is no record: a program that passes over it commits the others", ({ value, code }) =>
  playTransactions(2, async ({ client, log }) => {
    const refusing = {
      ...string(),
      serialize: (text: string, name: string) => {
        if (text === "bad") throw new Error("nobody can write this");
        return string().serialize(text, name);
      },
    };
    const serdes = code === "SERIALIZATION_FAILED" ? { value: refusing } : {};
    const producer = client.producer({ transactionalId: "other", ...serdes });
    await producer.transaction(async () => {
      await producer.send({ topic, value: "a" });
      await expect(producer.send({ topic, value })).rejects.toMatchObject({ code });
    });
    expect(log.values).toEqual(["a"]);
  }),
);

test("a record that waits for its topic while its transaction is aborted does not get into the next one", () =>
  playTransactions(2, async ({ broker, client, log }) => {
    broker.on(endTxnApi, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: 5,
      producerEpoch: 9,
    }));
    const producer = client.producer({ transactionalId: "other" });
    let early: Promise<unknown> | undefined;
    const work = producer.transaction(async () => {
      void producer.send({ topic: "nowhere", value: "x" });
      early = producer.send({ topic, value: "early" });
      throw new ClusterError("TRANSACTION_ABORTED", "by the program");
    });
    await expect(work).rejects.toThrow("by the program");
    await producer.transaction(async () => {
      await producer.send({ topic, value: "late" });
    });
    await expect(early).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
    expect(log.values).toEqual(["late"]);
  }));
