import { codecOf, decodeVersioned, encodeVersioned } from "@millrace/protocol";
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from "@millrace/protocol/definitions";
import { Reader, Writer } from "@millrace/protocol/wire";
import type { LogRecord } from "../coordinator-log.ts";
import type { CoordinatorRecordCodec } from "../coordinator-shard.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import {
  decodeStreamsRecord,
  encodeStreamsRecord,
  type StreamsRecord,
} from "./streams/streams-record.ts";

/** Records of `__consumer_offsets` that groups and offsets need; null forgets. */
export type GroupRecord = GroupMetadataRecord | OffsetRecord | StreamsRecord;

export interface GroupMetadataRecord {
  readonly kind: "group";
  readonly groupId: string;
  readonly snapshot: GroupSnapshot | null;
}

export interface OffsetRecord {
  readonly kind: "offset";
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset | null;
}

/** A group as of a generation (Kafka: `GroupMetadataValue`). */
export interface GroupSnapshot {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly currentStateTimestamp: number;
  readonly members: readonly MemberSnapshot[];
}

export interface MemberSnapshot {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeout: number;
  readonly sessionTimeout: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

const keyTypes = { oldOffset: 0, offset: 1, group: 2 };
const groupValueVersion = 3;
const offsetValueVersion = 4;
/** The one that can hold when an offset expires. */
const expiringOffsetValueVersion = 1;

export const groupRecordCodec: CoordinatorRecordCodec<GroupRecord> = {
  encode: (record) => {
    if (record.kind === "streams") return encodeStreamsRecord(record);
    return record.kind === "group" ? encodeGroup(record) : encodeOffset(record);
  },
  decode: ({ key, value }) => {
    const reader = new Reader(key);
    switch (reader.readInt16()) {
      case keyTypes.group:
        return decodeGroup(reader, value);
      case keyTypes.oldOffset:
      case keyTypes.offset:
        return decodeOffset(reader, value);
      default:
        return decodeStreamsRecord({ key, value });
    }
  },
};

function encodeGroup({ groupId, snapshot }: GroupMetadataRecord): LogRecord {
  const writer = new Writer();
  writer.writeInt16(keyTypes.group);
  codecOf(groupMetadataKey, 0).write(writer, { group: groupId });
  const key = writer.toBytes();
  if (snapshot === null) return { key, value: null };
  return { key, value: encodeVersioned(groupMetadataValue, groupValueVersion, snapshot) };
}

function decodeGroup(reader: Reader, bytes: Uint8Array | null): GroupMetadataRecord {
  const { group } = codecOf(groupMetadataKey, 0).read(reader);
  if (bytes === null) return { kind: "group", groupId: group, snapshot: null };
  const value = decodeVersioned(groupMetadataValue, bytes);
  const members = value.members.map((member) => ({
    ...member,
    // The bytes belong to the log.
    subscription: member.subscription.slice(),
    assignment: member.assignment.slice(),
  }));
  return { kind: "group", groupId: group, snapshot: { ...value, members } };
}

function encodeOffset({ groupId, topic, partition, committed }: OffsetRecord): LogRecord {
  const writer = new Writer();
  writer.writeInt16(keyTypes.offset);
  codecOf(offsetCommitKey, 0).write(writer, { group: groupId, topic, partition });
  const key = writer.toBytes();
  if (committed === null) return { key, value: null };
  const version =
    committed.expireTimestamp === -1 ? offsetValueVersion : expiringOffsetValueVersion;
  return { key, value: encodeVersioned(offsetCommitValue, version, committed) };
}

function decodeOffset(reader: Reader, bytes: Uint8Array | null): OffsetRecord {
  const { group, topic, partition } = codecOf(offsetCommitKey, 0).read(reader);
  const committed = bytes === null ? null : decodeVersioned(offsetCommitValue, bytes);
  return { kind: "offset", groupId: group, topic, partition, committed };
}
