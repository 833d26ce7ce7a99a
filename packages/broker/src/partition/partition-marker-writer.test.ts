import { encodeUtf8, noHeaders } from "@millrace/model";
import {
  addPartitionsToTxnApi,
  endTxnApi,
  fetchApi,
  initProducerIdApi,
  listOffsetsApi,
  produceApi,
} from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const transactionalId = "tx";
const topic = "orders";
const readCommitted = 1;
const partitions = [0, 1];

function transactionalBatch(producer: { producerId: number; producerEpoch: number }) {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, encodeUtf8("v"), noHeaders);
  return builder.build({ ...producer, baseSequence: 0, isTransactional: true });
}

/** A transaction that has a record in each partition; gives what ends it. */
async function openTransaction(client: TestClient) {
  await client.createTopic(topic, partitions.length);
  const initialized = await client.ask(initProducerIdApi, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
  });
  const { producerId = -1, producerEpoch = -1 } = initialized ?? {};
  const producer = { producerId, producerEpoch };
  await client.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: topic, partitions }],
  });
  const partitionData = partitions.map((index) => ({
    index,
    records: transactionalBatch(producer),
  }));
  const topicData = [{ name: topic, partitionData }];
  await client.ask(produceApi, 11, { transactionalId, acks: -1, timeoutMs: 1000, topicData });
  return (committed: boolean) =>
    client.ask(endTxnApi, 5, { ...producer, transactionalId, committed });
}

/** Partitions that a fetch of committed records brings something of. */
async function partitionsWithRecords(client: TestClient, maxWaitMs: number) {
  const answer = await client.ask(fetchApi, 12, {
    maxWaitMs,
    minBytes: 1,
    isolationLevel: readCommitted,
    topics: [
      {
        topic,
        partitions: partitions.map((partition) => ({
          partition,
          fetchOffset: 0,
          partitionMaxBytes: 1_000_000,
        })),
      },
    ],
  });
  return answer?.responses[0].partitions
    .filter(({ records }) => records !== null && records.length > 0)
    .map(({ partitionIndex }) => partitionIndex);
}

async function stableOffsets(client: TestClient) {
  const answer = await client.ask(listOffsetsApi, 7, {
    replicaId: -1,
    isolationLevel: readCommitted,
    topics: [
      {
        name: topic,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, timestamp: -1 })),
      },
    ],
  });
  return answer?.topics[0].partitions.map(({ offset }) => offset);
}

test.for([true, false])(
  "a transaction's end, committed: %s, is seen in all partitions at once, whichever is synced first",
  (committed) =>
    withClient(async ({ client, platform, gate }) => {
      const reader = await TestClient.connect(platform, { host: "127.0.0.1", port: 9092 });
      const end = await openTransaction(client);
      const read = partitionsWithRecords(reader, 1000);
      gate.shut(/orders-1/);
      await end(committed);
      await platform.timers.sleep(100);
      expect(await stableOffsets(client)).toEqual([0, 0]);
      expect(await partitionsWithRecords(client, 0)).toEqual([]);
      gate.open();
      expect(await read).toEqual([0, 1]);
      expect(await stableOffsets(client)).toEqual([2, 2]);
    }),
);
