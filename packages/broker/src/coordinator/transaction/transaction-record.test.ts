import { toHex } from "@millrace/model";
import { expect, test } from "vitest";
import { newTransactionMetadata, toInitialized, toOngoing } from "./transaction-metadata.ts";
import { transactionRecordCodec } from "./transaction-record.ts";

const empty = toInitialized(newTransactionMetadata("tx", 5, 60_000), {
  producerEpoch: 0,
  lastProducerEpoch: -1,
  timeoutMs: 60_000,
  nowMs: 1,
});
const partitions = [
  { topic: "a", partition: 0 },
  { topic: "b", partition: 1 },
  { topic: "a", partition: 2 },
];
const ongoing = toOngoing(empty, partitions, { nowMs: 2, clientTransactionVersion: 2 });

test.each([empty, ongoing, null])("a transactional id comes back as it went", (metadata) => {
  const record = { transactionalId: "tx", metadata };
  expect(transactionRecordCodec.decode(transactionRecordCodec.encode(record))).toEqual(record);
});

test("the record has Kafka's bytes", () => {
  const { key, value } = transactionRecordCodec.encode({ transactionalId: "tx", metadata: empty });
  expect(toHex(key)).toBe("0000" + "00027478");
  expect(toHex(value ?? key)).toBe(
    "0001" + // version
      ("0000000000000005" + "0000" + "0000ea60") + // producer id, epoch, timeout
      ("00" + "00") + // Empty, no partitions
      ("0000000000000001" + "ffffffffffffffff") + // last update, start
      ("01" + "00" + "08" + "0000000000000005"), // the id before
  );
});
