import type { Broker } from "@millrace/broker";
import { decodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import {
  describeTransactionsApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetFetchApi,
} from "@millrace/protocol/definitions";
import {
  AbortedTransactionFilter,
  batchHeaderBytes,
  readBatchSizeBytes,
  readLastOffset,
  RecordBatchReader,
} from "@millrace/protocol/records";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";

/** What clients see of a thing: what it says, and the code of the error that ended it (0: none). */
export interface Seen {
  readonly values: readonly string[];
  readonly error: number;
}

/** All that clients are told: topics and ids, records as read committed and uncommitted, offsets of logs and groups. */
export async function lookAtBroker(
  platform: Platform,
  broker: Broker,
): Promise<ReadonlyMap<string, Seen>> {
  const client = await TestClient.connect(platform, broker.address);
  try {
    const seen = new Map<string, Seen>();
    const metadata = await client.ask(metadataApi, 12, { topics: null });
    const topics = (metadata?.topics ?? []).filter(({ isInternal }) => !isInternal);
    const ids = topics.map(
      ({ name, topicId, partitions }) => `${name} ${topicId} ${partitions.length}`,
    );
    seen.set("topics", { values: ids.sort(), error: 0 });
    for (const { name, partitions } of topics)
      for (const { partitionIndex } of partitions) {
        const place = { topic: name ?? "", partition: partitionIndex };
        const label = `${place.topic}-${place.partition}`;
        seen.set(`${label} start`, await startOf(client, place));
        for (const isolation of [0, 1])
          seen.set(`${label} isolation ${isolation}`, await readAll(client, place, isolation));
      }
    for (const group of ["readers", "file", "rocksdb"])
      seen.set(`group ${group}`, await offsetsOf(client, group));
    seen.set("transaction writer", await transactionOf(client, "writer"));
    return seen;
  } finally {
    client.connection.destroy();
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

async function startOf(client: TestClient, { topic, partition }: Place): Promise<Seen> {
  const answer = await client.ask(listOffsetsApi, 7, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -2 }] }],
  });
  const { offset = -1, errorCode = -1 } = answer?.topics[0].partitions[0] ?? {};
  return { values: errorCode === 0 ? [String(offset)] : [], error: errorCode };
}

async function readAll(
  client: TestClient,
  { topic, partition }: Place,
  isolationLevel: number,
): Promise<Seen> {
  const start = await startOf(client, { topic, partition });
  if (start.error !== 0) return start;
  const values: string[] = [];
  for (let fetchOffset = Number(start.values[0]); ;) {
    const response = await client.ask(fetchApi, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
    });
    const answer = response?.responses[0].partitions[0];
    if (answer === undefined || answer.errorCode !== 0)
      return { values, error: answer?.errorCode ?? -1 };
    const { records } = answer;
    if (records === null || records.length === 0) return { values, error: 0 };
    const filter =
      isolationLevel === 0 ? undefined : new AbortedTransactionFilter(answer.abortedTransactions);
    for (
      let at = 0;
      at + batchHeaderBytes <= records.length;
      at += readBatchSizeBytes(records, at)
    ) {
      if (filter?.accepts(records, at) !== false) values.push(...textOf(records, at));
      fetchOffset = readLastOffset(records, at) + 1;
    }
  }
}

function textOf(bytes: Uint8Array, position: number): readonly string[] {
  const batch = new RecordBatchReader({ bytes, position });
  const values: string[] = [];
  while (batch.next()) {
    const { offset, timestamp, key, value } = batch;
    const text = (part: Uint8Array | null) => (part === null ? "null" : decodeUtf8(part));
    values.push(`${offset} ${timestamp} ${text(key)} ${text(value)}`);
  }
  return values;
}

async function offsetsOf(client: TestClient, groupId: string): Promise<Seen> {
  const answer = await client.ask(offsetFetchApi, 8, { groups: [{ groupId, topics: null }] });
  const group = answer?.groups[0];
  const values = (group?.topics ?? []).flatMap(({ name, partitions }) =>
    partitions.map(
      ({ partitionIndex, committedOffset }) => `${name} ${partitionIndex} ${committedOffset}`,
    ),
  );
  return { values: values.sort(), error: group?.errorCode ?? -1 };
}

async function transactionOf(client: TestClient, transactionalId: string): Promise<Seen> {
  const answer = await client.ask(describeTransactionsApi, 0, {
    transactionalIds: [transactionalId],
  });
  const state = answer?.transactionStates[0];
  if (state === undefined || state.errorCode !== 0)
    return { values: [], error: state?.errorCode ?? -1 };
  const { transactionState, producerId, producerEpoch } = state;
  return { values: [`${transactionState} ${producerId} ${producerEpoch}`], error: 0 };
}
