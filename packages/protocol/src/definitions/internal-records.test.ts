import { toHex } from "@millrace/model";
import { describe, expect, it } from "vitest";
import { decodeVersioned, encodeVersioned } from "../schema/versioned.ts";
import {
  decodeRecordKey,
  encodeRecordKey,
  groupMetadataRecord,
  offsetCommitRecord,
  recordTypeOf,
  shareSnapshotRecord,
  shareUpdateRecord,
  transactionLogRecord,
} from "./coordinator-records.ts";
import { decodeMetadataRecord, encodeMetadataRecord } from "./metadata-records.ts";

describe("records of coordinators", () => {
  it("have their type before the key", () => {
    const key = { group: "g", topic: "t", partition: 3 };
    const bytes = encodeRecordKey(offsetCommitRecord, key);
    expect(toHex(bytes)).toBe("000100016700017400000003");
    expect(recordTypeOf(bytes)).toBe(offsetCommitRecord.type);
    expect(decodeRecordKey(offsetCommitRecord, bytes)).toEqual(key);
    expect(() => decodeRecordKey(groupMetadataRecord, bytes)).toThrow(
      /type 1 is no GroupMetadataKey/,
    );
  });

  it("have their version before the value", () => {
    const value = { offset: 4, metadata: "", commitTimestamp: 5 };
    const bytes = encodeVersioned(offsetCommitRecord.value, 3, value);
    expect(toHex(bytes)).toBe("00030000000000000004ffffffff00000000000000000005");
    expect(decodeVersioned(offsetCommitRecord.value, bytes)).toMatchObject(value);
  });

  it("of the share coordinator have the count of what is done as a tag", () => {
    const partition = { groupId: "g", topicId: "AAAAAAAAAAAAAAAAAAAAAQ", partition: 2 };
    const topicHex = "00000000000000000000000000000001";
    expect(toHex(encodeRecordKey(shareSnapshotRecord, partition))).toBe(
      `0000000167${topicHex}00000002`,
    );
    expect(toHex(encodeRecordKey(shareUpdateRecord, partition))).toBe(
      `0001000167${topicHex}00000002`,
    );
    const stateBatches = [{ firstOffset: 3, lastOffset: 4, deliveryState: 2, deliveryCount: 1 }];
    const batchHex = "020000000000000003000000000000000402000100";
    const update = { snapshotEpoch: 1, leaderEpoch: 5, startOffset: 3, stateBatches };
    expect(toHex(encodeVersioned(shareUpdateRecord.value, 0, update))).toBe(
      `000000000001000000050000000000000003${batchHex}00`,
    );
    const counted = encodeVersioned(shareUpdateRecord.value, 0, {
      ...update,
      deliveryCompleteCount: 2,
    });
    expect(toHex(counted)).toBe(`000000000001000000050000000000000003${batchHex}01000400000002`);
    const snapshot = { ...update, stateEpoch: 6, createTimestamp: 7, writeTimestamp: 8 };
    expect(toHex(encodeVersioned(shareSnapshotRecord.value, 0, snapshot))).toBe(
      `00000000000100000006000000050000000000000003` +
        `00000000000000070000000000000008${batchHex}00`,
    );
  });

  it("keep what TV2 adds to a transaction as tags", () => {
    const value = {
      producerId: 1,
      producerEpoch: 2,
      transactionTimeoutMs: 3,
      transactionStatus: 4,
      transactionPartitions: null,
      transactionLastUpdateTimestampMs: 5,
      transactionStartTimestampMs: 6,
    };
    const plain = encodeVersioned(transactionLogRecord.value, 1, value);
    const tagged = encodeVersioned(transactionLogRecord.value, 1, {
      ...value,
      clientTransactionVersion: 2,
    });
    expect(tagged.length - plain.length).toBe(4);
    expect(decodeVersioned(transactionLogRecord.value, tagged).clientTransactionVersion).toBe(2);
    expect(decodeVersioned(transactionLogRecord.value, plain).nextProducerId).toBe(-1);
  });
});

describe("records of the cluster's metadata", () => {
  it("have a frame with type and version", () => {
    const bytes = encodeMetadataRecord("FeatureLevelRecord", { name: "m", featureLevel: 7 });
    expect(toHex(bytes)).toBe("010c00026d000700");
    expect(decodeMetadataRecord(bytes)).toEqual({
      name: "FeatureLevelRecord",
      value: { name: "m", featureLevel: 7 },
    });
  });

  it("of delegation tokens are Apache Kafka's bytes", () => {
    const issueTimestamp = 1_795_946_404_333;
    const maxTimestamp = issueTimestamp + 600_000;
    const token = {
      owner: "User:paula",
      requester: "User:paula",
      renewers: ["User:peter", "User:peter"],
      issueTimestamp,
      maxTimestamp,
      expirationTimestamp: maxTimestamp,
      tokenId: "EMFkky75QsC3jnFaa2bBaw",
    };
    const bytes = encodeMetadataRecord("DelegationTokenRecord", token);
    expect(toHex(bytes)).toBe(
      "010a000b557365723a7061756c610b557365723a7061756c61030b557365723a70657465720b" +
        "557365723a7065746572000001a226bf59ed000001a226c881ad000001a226c881ad" +
        "17454d466b6b793735517343336a6e466161326242617700",
    );
    expect(decodeMetadataRecord(bytes)).toEqual({ name: "DelegationTokenRecord", value: token });
    const removal = encodeMetadataRecord("RemoveDelegationTokenRecord", {
      tokenId: "Xpor5rhdRBqhJBJvfqYotQ",
    });
    expect(toHex(removal)).toBe("011a001758706f7235726864524271684a424a766671596f745100");
  });

  it("of an unknown type or frame are refused", () => {
    expect(() => decodeMetadataRecord(Uint8Array.of(1, 99, 0))).toThrow(/type 99/);
    expect(() => decodeMetadataRecord(Uint8Array.of(0, 12, 0))).toThrow(/version 0/);
  });
});
