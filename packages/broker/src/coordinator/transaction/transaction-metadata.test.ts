import { expect, test } from "vitest";
import { ProducerIds } from "./producer-ids.ts";
import {
  newTransactionMetadata,
  toComplete,
  toInitialized,
  toOngoing,
  type TransactionMetadata,
} from "./transaction-metadata.ts";
import { transactionRecordCodec } from "./transaction-record.ts";

const fresh = newTransactionMetadata("tx", 5, 60_000);
const law = (id: string) => expect.objectContaining({ law: id });

function initialize(metadata: TransactionMetadata, producerEpoch: number): TransactionMetadata {
  return toInitialized(metadata, {
    producerEpoch,
    lastProducerEpoch: -1,
    timeoutMs: 60_000,
    nowMs: 1,
  });
}

test("TXN-1: an id changes its status only along the arrows", () => {
  expect(initialize(fresh, 0).status).toBe("Empty");
  expect(() => toComplete(initialize(fresh, 0), 2)).toThrow(law("TXN-1"));
});

test("TXN-2: epochs that are handed out are in Kafka's range", () => {
  expect(initialize(fresh, 32_767).producerEpoch).toBe(32_767);
  expect(() => initialize(fresh, 32_768)).toThrow(law("TXN-2"));
  expect(() => initialize(fresh, -1)).toThrow(law("TXN-2"));
});

test("TXN-3: a producer id is taken only where one is at hand", async () => {
  const ids = new ProducerIds({
    allocate: () => Promise.resolve({ firstProducerId: 7, size: 1 }),
  });
  expect(() => ids.take()).toThrow(law("TXN-3"));
  await ids.ready();
  expect(ids.take()).toBe(7);
});

test("TXN-4: an empty id has no partitions", () => {
  const ongoing = toOngoing(initialize(fresh, 0), [{ topic: "a", partition: 0 }], {
    nowMs: 2,
    clientTransactionVersion: 2,
  });
  const encode = (metadata: TransactionMetadata) =>
    transactionRecordCodec.encode({ transactionalId: "tx", metadata });
  expect(encode(ongoing).value).not.toBeNull();
  expect(() => encode({ ...ongoing, status: "Empty" })).toThrow(law("TXN-4"));
});
