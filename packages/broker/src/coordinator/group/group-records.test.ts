import { encodeUtf8, fromHex, toHex } from "@millrace/model";
import { zeroUuid } from "@millrace/protocol/wire";
import { describe, expect, test } from "vitest";
import { groupRecord } from "./classic/group-record.ts";
import { groupRecords } from "./group-shard.ts";
import { offsetRecord } from "./offsets/offset-record.ts";

const place = { groupId: "g", topic: "t", partition: 3 };
const committed = {
  offset: 7,
  leaderEpoch: 2,
  metadata: "m",
  commitTimestamp: 1,
  expireTimestamp: -1,
  topicId: zeroUuid,
};
const offset = offsetRecord(place, committed);

const group = groupRecord("g", {
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
});

describe("records of __consumer_offsets", () => {
  test("have Kafka's bytes: type and key, version and value", () => {
    const { key, value } = offset.encode();
    expect(toHex(key)).toBe("0001" + "000167" + "000174" + "00000003");
    expect(toHex(value ?? key)).toBe(
      "0004" + "0000000000000007" + "00000002" + "026d" + "0000000000000001" + "00",
    );
  });

  test.each([offset, group, offsetRecord(place, null), groupRecord("g", null)])(
    "come back as they went",
    (record) => {
      const decoded = groupRecords.decode(record.encode());
      const { type, key, value } = record;
      expect(decoded).toMatchObject({ type, key, value });
    },
  );

  test("an offset that expires is written in the version that can say so", () => {
    const expiring = { ...committed, expireTimestamp: 5, leaderEpoch: -1 };
    const encoded = offsetRecord(place, expiring).encode();
    expect(toHex(encoded.value ?? encoded.key).slice(0, 4)).toBe("0001");
    expect(groupRecords.decode(encoded)?.value).toEqual(expiring);
  });

  test("of kinds that are not kept are passed over", () => {
    expect(groupRecords.decode({ key: fromHex("0063000167"), value: null })).toBeUndefined();
  });
});
