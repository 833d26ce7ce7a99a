import { encodeUtf8, noHeaders } from "@millrace/model";
import { errorCodeOf } from "@millrace/protocol";
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  describeProducersApi,
  describeTransactionsApi,
  endTxnApi,
  initProducerIdApi,
  listTransactionsApi,
  offsetFetchApi,
  produceApi,
  txnOffsetCommitApi,
  writeTxnMarkersApi,
} from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { expect, test } from "vitest";
import type { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const transactionalId = "tx";
const groupId = "workers";

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

async function initialize(client: TestClient): Promise<Producer> {
  const answer = await client.ask(initProducerIdApi, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
  });
  expect(answer?.errorCode).toBe(0);
  return { producerId: answer?.producerId ?? -1, producerEpoch: answer?.producerEpoch ?? -1 };
}

async function addPartition(
  client: TestClient,
  { producerId, producerEpoch }: Producer,
  index = 0,
) {
  const answer = await client.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: "orders", partitions: [index] }],
  });
  return answer?.resultsByTopicV3AndBelow[0].resultsByPartition[0].partitionErrorCode;
}

async function produce(client: TestClient, producer: Producer) {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, encodeUtf8("v"), noHeaders);
  const records = builder.build({ ...producer, baseSequence: 0, isTransactional: true });
  const answer = await client.ask(produceApi, 11, {
    transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: "orders", partitionData: [{ index: 0, records }] }],
  });
  return answer?.responses[0].partitionResponses[0].errorCode;
}

const end = (client: TestClient, producer: Producer, committed: boolean) =>
  client.ask(endTxnApi, 5, { ...producer, transactionalId, committed });

test("InitProducerId, AddPartitionsToTxn, Produce, EndTxn: a transaction, and a fenced producer", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const old = await initialize(client);
    const producer = await initialize(client);
    expect(producer.producerEpoch).toBe(old.producerEpoch + 1);
    expect(await addPartition(client, old)).toBe(errorCodeOf("PRODUCER_FENCED"));
    expect(await addPartition(client, producer, 7)).toBe(errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"));
    expect(await addPartition(client, producer)).toBe(0);
    expect(await produce(client, producer)).toBe(0);
    expect(await end(client, producer, true)).toMatchObject({
      errorCode: 0,
      producerEpoch: producer.producerEpoch + 1,
    });
    expect((await end(client, old, true))?.errorCode).not.toBe(0);
  }));

test("InitProducerId: a timeout beyond the bound is refused; without an id none is needed", () =>
  withClient(async ({ client }) => {
    const ask = async (id: string | null, transactionTimeoutMs: number) =>
      (await client.ask(initProducerIdApi, 4, { transactionalId: id, transactionTimeoutMs }))
        ?.errorCode;
    expect(await ask(transactionalId, 2 ** 31 - 1)).toBe(
      errorCodeOf("INVALID_TRANSACTION_TIMEOUT"),
    );
    expect(await ask("", 1000)).toBe(errorCodeOf("INVALID_REQUEST"));
    expect(await ask(null, 1000)).toBe(0);
  }));

test("AddOffsetsToTxn, TxnOffsetCommit: positions count from the commit on", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const producer = await initialize(client);
    const added = await client.ask(addOffsetsToTxnApi, 3, {
      ...producer,
      transactionalId,
      groupId,
    });
    expect(added?.errorCode).toBe(0);
    const commit = async (index: number) => {
      const partitions = [{ partitionIndex: index, committedOffset: 7, committedMetadata: "" }];
      const topics = [{ name: "orders", partitions }];
      const request = { ...producer, transactionalId, groupId, topics };
      const answer = await client.ask(txnOffsetCommitApi, 3, request);
      return answer?.topics[0].partitions[0].errorCode;
    };
    const fetch = async () => {
      const topics = [{ name: "orders", partitionIndexes: [0] }];
      const answer = await client.ask(offsetFetchApi, 9, { groups: [{ groupId, topics }] });
      return answer?.groups[0].topics[0].partitions[0].committedOffset;
    };
    expect(await commit(7)).toBe(errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"));
    expect(await commit(0)).toBe(0);
    expect(await fetch()).toBe(-1);
    await end(client, producer, true);
    await expect.poll(fetch).toBe(7);
  }));

test("DescribeTransactions, ListTransactions, DescribeProducers: what is open, and whose", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const producer = await initialize(client);
    await addPartition(client, producer);
    await produce(client, producer);
    const described = await client.ask(describeTransactionsApi, 0, {
      transactionalIds: [transactionalId, "none"],
    });
    expect(described?.transactionStates).toMatchObject([
      { transactionState: "Ongoing", topics: [{ topic: "orders", partitions: [0] }] },
      { errorCode: errorCodeOf("TRANSACTIONAL_ID_NOT_FOUND") },
    ]);
    const listed = async (filter: {
      readonly stateFilters?: readonly string[];
      readonly producerIdFilters?: readonly number[];
      readonly transactionalIdPattern?: string;
    }) => {
      const all = { stateFilters: [], producerIdFilters: [], ...filter };
      const answer = await client.ask(listTransactionsApi, 2, all);
      return answer?.errorCode === 0
        ? answer.transactionStates.map((state) => state.transactionalId)
        : answer?.errorCode;
    };
    expect(await listed({})).toEqual(["tx"]);
    expect(await listed({ stateFilters: ["Empty"] })).toEqual([]);
    expect(await listed({ producerIdFilters: [producer.producerId] })).toEqual(["tx"]);
    expect(await listed({ transactionalIdPattern: "t." })).toEqual(["tx"]);
    expect(await listed({ transactionalIdPattern: "(?i)T(?P<rest>\\pL)" })).toEqual(["tx"]);
    expect(await listed({ transactionalIdPattern: "t" })).toEqual([]);
    expect(await listed({ transactionalIdPattern: "(?=t)tx" })).toBe(
      errorCodeOf("INVALID_REGULAR_EXPRESSION"),
    );
    expect(await listed({ transactionalIdPattern: "(a" })).toBe(
      errorCodeOf("INVALID_REGULAR_EXPRESSION"),
    );
    const producers = await client.ask(describeProducersApi, 0, {
      topics: [{ name: "orders", partitionIndexes: [0, 7] }],
    });
    expect(producers?.topics[0].partitions).toMatchObject([
      { activeProducers: [{ producerId: producer.producerId, currentTxnStartOffset: 0 }] },
      { errorCode: errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION") },
    ]);
  }));

test("WriteTxnMarkers ends a transaction in a partition, whatever its coordinator says", () =>
  withClient(async ({ client }) => {
    await client.createTopic("orders");
    const producer = await initialize(client);
    expect(await addPartition(client, producer)).toBe(0);
    expect(await produce(client, producer)).toBe(0);
    const mark = async (
      epoch: number,
      partitionIndexes: readonly number[],
      coordinatorEpoch = 0,
    ) => {
      const topics = [{ name: "orders", partitionIndexes }];
      const { producerId } = producer;
      const marker = {
        producerId,
        producerEpoch: epoch,
        transactionResult: false,
        topics,
        coordinatorEpoch,
      };
      const answer = await client.ask(writeTxnMarkersApi, 2, { markers: [marker] });
      return answer?.markers[0].topics[0].partitions.map(({ errorCode }) => errorCode);
    };
    const stable = async () => (await client.fetch("orders", 0))?.lastStableOffset;
    expect(await stable()).toBe(0);
    expect(await mark(-1, [0])).toEqual([errorCodeOf("INVALID_PRODUCER_EPOCH")]);
    expect(await mark(0, [9])).toEqual([errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION")]);
    expect(await stable()).toBe(0);
    expect(await mark(0, [0], 5)).toEqual([0]);
    expect(await stable()).toBe(2);
    expect(await mark(0, [0], 4)).toEqual([errorCodeOf("TRANSACTION_COORDINATOR_FENCED")]);
  }));

test("ListTransactions refuses a pattern that would take long on an id that is long", () =>
  withClient(async ({ client }) => {
    const long = "a".repeat(30_000);
    const begin = { transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    await client.ask(initProducerIdApi, 4, { transactionalId: long, ...begin });
    const listed = async (transactionalIdPattern: string) => {
      const none = { stateFilters: [], producerIdFilters: [], durationFilter: -1 };
      const answer = await client.ask(listTransactionsApi, 2, { ...none, transactionalIdPattern });
      return answer?.errorCode === 0 ? answer.transactionStates.length : answer?.errorCode;
    };
    expect(await listed("a.*")).toBe(1);
    expect(await listed("(.*a)".repeat(100))).toBe(errorCodeOf("INVALID_REGULAR_EXPRESSION"));
  }));
