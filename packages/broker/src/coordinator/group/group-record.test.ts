import { encodeUtf8, fromHex, toHex } from "@millrace/model";
import { zeroUuid } from "@millrace/protocol/wire";
import { describe, expect, test } from "vitest";
import { groupRecordCodec, type GroupRecord } from "./group-record.ts";

const offset: GroupRecord = {
  kind: "offset",
  groupId: "g",
  topic: "t",
  partition: 3,
  committed: {
    offset: 7,
    leaderEpoch: 2,
    metadata: "m",
    commitTimestamp: 1,
    expireTimestamp: -1,
    topicId: zeroUuid,
  },
};

const group: GroupRecord = {
  kind: "group",
  groupId: "g",
  snapshot: {
    protocolType: "consumer",
    generation: 4,
    protocol: "range",
    leader: "m-1",
    currentStateTimestamp: 9,
    members: [
      {
        memberId: "m-1",
        groupInstanceId: "seat",
        clientId: "c",
        clientHost: "/127.0.0.1",
        rebalanceTimeout: 60_000,
        sessionTimeout: 10_000,
        subscription: encodeUtf8("topics"),
        assignment: encodeUtf8("partitions"),
      },
    ],
  },
};

describe("records of __consumer_offsets", () => {
  test("have Kafka's bytes: type and key, version and value", () => {
    const { key, value } = groupRecordCodec.encode(offset);
    expect(toHex(key)).toBe("0001" + "000167" + "000174" + "00000003");
    expect(toHex(value ?? key)).toBe(
      "0004" + "0000000000000007" + "00000002" + "026d" + "0000000000000001" + "00",
    );
  });

  test.each([offset, group, { ...offset, committed: null }, { ...group, snapshot: null }])(
    "come back as they went",
    (record) => {
      expect(groupRecordCodec.decode(groupRecordCodec.encode(record))).toEqual(record);
    },
  );

  test("an offset that expires is written in the version that can say so", () => {
    const committed = { ...offset.committed, expireTimestamp: 5, leaderEpoch: -1 };
    const expiring = { ...offset, committed } as GroupRecord;
    const encoded = groupRecordCodec.encode(expiring);
    expect(toHex(encoded.value ?? encoded.key).slice(0, 4)).toBe("0001");
    expect(groupRecordCodec.decode(encoded)).toEqual(expiring);
  });

  test("of kinds that are not kept are passed over", () => {
    expect(groupRecordCodec.decode({ key: fromHex("0003000167"), value: null })).toBeUndefined();
  });
});
