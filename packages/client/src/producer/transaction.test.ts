import { errorCodeOf, type Decoded } from "@millrace/protocol";
import {
  addPartitionsToTxnApi,
  endTxnApi,
  initProducerIdApi,
  produceApi,
  txnOffsetCommitApi,
  type endTxnRequest,
  type initProducerIdRequest,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { group, playTransactions as play, topic } from "../../test-support/play-transactions.ts";
import type { ScriptedBroker } from "../../test-support/scripted-broker.ts";

function names(broker: ScriptedBroker): readonly string[] {
  const setup = ["ApiVersions", "Metadata", "FindCoordinator"];
  return broker.asked.map(({ name }) => name).filter((name) => !setup.includes(name));
}

describe("transactions of version 1", () => {
  test("partitions and groups are added first, with the versions that old clients have", () =>
    play(1, async ({ broker, writer, append }) => {
      writer.begin();
      append("a");
      await writer.flush();
      await writer.sendOffsets([{ topic: "in", partition: 0, offset: 9 }], group);
      await writer.commit();
      expect(names(broker)).toEqual([
        "InitProducerId",
        "AddPartitionsToTxn",
        "Produce",
        "AddOffsetsToTxn",
        "TxnOffsetCommit",
        "EndTxn",
      ]);
      expect(broker.of("AddPartitionsToTxn")[0].version).toBe(3);
      expect(broker.of("Produce")[0].version).toBe(11);
      expect(broker.of("TxnOffsetCommit")[0].version).toBe(4);
      expect(broker.of("EndTxn")[0].version).toBe(4);
    }));

  test("CLIENT-7: after an EndTxn without an answer the next transaction has another epoch", () =>
    play(1, async ({ broker, writer, append, log }) => {
      writer.begin();
      append("a");
      let count = 0;
      broker.on(endTxnApi, () => (++count === 1 ? "close" : { throttleTimeMs: 0, errorCode: 0 }));
      await writer.commit();
      expect(count).toBe(2);
      const inits = broker
        .of("InitProducerId")
        .map(({ body }) => body as Decoded<typeof initProducerIdRequest>);
      expect(inits.map(({ producerId, producerEpoch }) => [producerId, producerEpoch])).toEqual([
        [-1, -1],
        [5, 0],
      ]);
      writer.begin();
      append("b");
      await writer.commit();
      expect(log.values).toEqual(["a", "b"]);
      const ends = broker
        .of("EndTxn")
        .map(({ body }) => (body as Decoded<typeof endTxnRequest>).producerEpoch);
      expect(ends).toEqual([0, 0, 1]);
    }));

  test("while the one before is being ended, the next one is tried again after 20 ms", () =>
    play(1, async ({ broker, writer, append, nowMs }) => {
      writer.begin();
      let left = 3;
      broker.on(addPartitionsToTxnApi, ({ v3AndBelowTopics }) => ({
        throttleTimeMs: 0,
        resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name }) => ({
          name,
          resultsByPartition: [{ partitionIndex: 0, partitionErrorCode: left-- > 0 ? 51 : 0 }],
        })),
      }));
      const startMs = nowMs();
      append("a");
      await writer.commit();
      expect(nowMs() - startMs).toBeGreaterThanOrEqual(60);
      expect(nowMs() - startMs).toBeLessThan(100);
    }));

  test("a transaction that nothing was written to needs no broker", () =>
    play(1, async ({ broker, writer }) => {
      writer.begin();
      await writer.commit();
      writer.begin();
      await writer.abort();
      expect(names(broker)).toEqual(["InitProducerId"]);
    }));
});

describe("transactions of version 2", () => {
  test("nothing is added, and each transaction has its own epoch", () =>
    play(2, async ({ broker, writer, append, log }) => {
      for (const value of ["a", "b"]) {
        writer.begin();
        append(value);
        await writer.sendOffsets([{ topic: "in", partition: 0, offset: 9 }], group);
        await writer.commit();
      }
      expect(new Set(names(broker))).toEqual(
        new Set(["InitProducerId", "Produce", "TxnOffsetCommit", "EndTxn"]),
      );
      expect(broker.of("Produce")[0].version).toBe(12);
      expect(broker.of("TxnOffsetCommit")[0].version).toBe(5);
      const ends = broker
        .of("EndTxn")
        .map(({ body }) => (body as Decoded<typeof endTxnRequest>).producerEpoch);
      expect(ends).toEqual([0, 1]);
      expect(log.values).toEqual(["a", "b"]);
    }));

  test("what a broker says that knows less than others did is not believed", () =>
    play(2, async ({ cluster, broker, writer, append }) => {
      const commit = async (value: string): Promise<void> => {
        writer.begin();
        append(value);
        await writer.commit();
      };
      await commit("a");
      // It has been started again, and does not know the cluster's features yet.
      cluster.featuresEpoch = -1;
      broker.dropAll();
      await commit("b");
      await commit("c");
      expect(broker.of("AddPartitionsToTxn")).toEqual([]);
      expect(broker.of("EndTxn").map(({ version }) => version)).toEqual([5, 5, 5]);
      // Features can be taken back, too.
      cluster.featuresEpoch = 2;
      cluster.transactionVersion = 1;
      broker.dropAll();
      await commit("d");
      await commit("e");
      expect(broker.of("EndTxn").map(({ version }) => version)).toEqual([5, 5, 5, 5, 4]);
      // What is delayed of version 1 has no epoch in common with version 2.
      cluster.featuresEpoch = 3;
      cluster.transactionVersion = 2;
      broker.dropAll();
      const count = broker.of("InitProducerId").length;
      await commit("f");
      expect(broker.of("EndTxn").at(-1)?.version).toBe(4);
      expect(broker.of("InitProducerId")).toHaveLength(count + 1);
    }));
});

describe("errors", () => {
  // The last one: that another member has the group.instance.id, which may be the next seat of this one.
  test.each([22, 25, 82])(
    "of the group end the transaction, and the writer lives on (%i)",
    (errorCode) =>
      play(2, async ({ broker, writer, append }) => {
        writer.begin();
        append("a");
        broker.on(txnOffsetCommitApi, () => ({
          throttleTimeMs: 0,
          topics: [{ name: "in", partitions: [{ partitionIndex: 0, errorCode }] }],
        }));
        const sent = writer.sendOffsets([{ topic: "in", partition: 0, offset: 9 }], group);
        await expect(sent).rejects.toMatchObject({ code: "COMMIT_FENCED" });
        await expect(writer.commit()).rejects.toMatchObject({ code: "COMMIT_FENCED" });
        await writer.abort();
        writer.begin();
        append("b");
        await writer.commit();
        const outcomes = broker
          .of("EndTxn")
          .map(({ body }) => (body as Decoded<typeof endTxnRequest>).committed);
        expect(outcomes).toEqual([false, true]);
      }),
  );

  test.each([
    ["an old epoch", "PRODUCER_FENCED", "longer than its transactionTimeout of 60000 ms;"],
    [
      "an id that the brokers have forgotten",
      "INVALID_PRODUCER_ID_MAPPING",
      "longer than the brokers' transactional.id.expiration.ms (by default 7 days)",
    ],
  ] as const)("of %s end the writer", (_what, error, reason) =>
    play(2, async ({ broker, writer, append }) => {
      writer.begin();
      append("a");
      broker.on(endTxnApi, () => ({ throttleTimeMs: 0, errorCode: errorCodeOf(error) }));
      await expect(writer.commit()).rejects.toMatchObject({
        code: "WRITER_FENCED",
        message: expect.stringContaining(reason),
      });
      await expect(writer.abort()).rejects.toMatchObject({ code: "WRITER_FENCED" });
      expect(() => writer.begin()).toThrow(expect.objectContaining({ code: "WRITER_FENCED" }));
    }),
  );

  test("of a timeout beyond what brokers allow name both options that it goes by", () =>
    play(2, async ({ broker, client }) => {
      broker.on(initProducerIdApi, () => ({
        throttleTimeMs: 0,
        errorCode: 50,
        producerId: -1,
        producerEpoch: -1,
      }));
      const writer = client.openWriter({ transactionalId: "id", transactionTimeoutMs: 3_600_000 });
      await expect(writer.initialize()).rejects.toMatchObject({
        code: "WRITER_FAILED",
        message:
          "the brokers refuse a transactionTimeout of 3600000 ms: it is longer than their transaction.max.timeout.ms. Lower transactionTimeout, or raise that of the brokers.",
        cause: { code: "INVALID_TRANSACTION_TIMEOUT" },
      });
      await expect(writer.initialize()).rejects.toMatchObject({ code: "WRITER_FAILED" });
    }));

  test("of a leader with a newer epoch leave it to abort to find out who is right", () =>
    play(2, async ({ broker, writer, append }) => {
      writer.begin();
      append("a");
      broker.on(produceApi, () => ({
        responses: [
          { name: topic, partitionResponses: [{ index: 0, errorCode: 47, baseOffset: -1 }] },
        ],
      }));
      await expect(writer.commit()).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
      await writer.abort();
      writer.begin();
      expect(broker.of("EndTxn")).toHaveLength(1);
    }));

  test("an EndTxn that nobody answers leaves the outcome open; abort takes a new epoch", () =>
    play(2, async ({ broker, writer, append }) => {
      writer.begin();
      append("a");
      broker.on(endTxnApi, () => "close");
      await expect(writer.commit()).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
      await writer.abort();
      const resumed = broker.of("InitProducerId").at(-1)?.body as Decoded<
        typeof initProducerIdRequest
      >;
      expect([resumed.producerId, resumed.producerEpoch]).toEqual([5, 0]);
      writer.begin();
    }));
});
