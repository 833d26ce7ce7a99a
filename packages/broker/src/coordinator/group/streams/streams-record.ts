import {
  decodeVersioned,
  encodeVersioned,
  type Fields,
  type Given,
  type Message,
} from "@millrace/protocol";
import {
  decodeRecordKey,
  encodeRecordKey,
  recordTypeOf,
  streamsGroupCurrentMemberAssignmentRecord as current,
  streamsGroupMemberMetadataRecord as member,
  streamsGroupMetadataRecord as metadata,
  streamsGroupTargetAssignmentMemberRecord as target,
  streamsGroupTargetAssignmentMetadataRecord as targetMetadata,
  streamsGroupTopologyRecord as topology,
} from "@millrace/protocol/definitions";
import type { LogRecord } from "../../coordinator-log.ts";

const groupKinds = { metadata, targetMetadata, topology } as const;
const memberKinds = { member, target, current } as const;

type GroupKinds = typeof groupKinds;
type MemberKinds = typeof memberKinds;

/** Of a streams group in `__consumer_offsets`, by what it tells; null forgets. */
export type StreamsRecord =
  | {
      [Part in keyof GroupKinds]: {
        readonly kind: "streams";
        readonly part: Part;
        readonly groupId: string;
        readonly value: Given<GroupKinds[Part]["value"]> | null;
      };
    }[keyof GroupKinds]
  | {
      [Part in keyof MemberKinds]: {
        readonly kind: "streams";
        readonly part: Part;
        readonly groupId: string;
        readonly memberId: string;
        readonly value: Given<MemberKinds[Part]["value"]> | null;
      };
    }[keyof MemberKinds];

export function encodeStreamsRecord(record: StreamsRecord): LogRecord {
  switch (record.part) {
    case "metadata":
      return {
        key: encodeRecordKey(metadata, record),
        value: versioned(metadata.value, record.value),
      };
    case "targetMetadata":
      return {
        key: encodeRecordKey(targetMetadata, record),
        value: versioned(targetMetadata.value, record.value),
      };
    case "topology":
      return {
        key: encodeRecordKey(topology, record),
        value: versioned(topology.value, record.value),
      };
    case "member":
      return { key: encodeRecordKey(member, record), value: versioned(member.value, record.value) };
    case "target":
      return { key: encodeRecordKey(target, record), value: versioned(target.value, record.value) };
    case "current":
      return {
        key: encodeRecordKey(current, record),
        value: versioned(current.value, record.value),
      };
  }
}

function versioned<F extends Fields>(
  message: Message<F>,
  value: Given<Message<F>> | null,
): Uint8Array | null {
  return value === null ? null : encodeVersioned(message, 0, value);
}

/** Undefined: a record of another kind. */
export function decodeStreamsRecord({ key, value }: LogRecord): StreamsRecord | undefined {
  const kind = "streams";
  switch (recordTypeOf(key)) {
    case metadata.type: {
      const decoded = value === null ? null : decodeVersioned(metadata.value, value);
      return { kind, part: "metadata", ...decodeRecordKey(metadata, key), value: decoded };
    }
    case targetMetadata.type: {
      const decoded = value === null ? null : decodeVersioned(targetMetadata.value, value);
      const ids = decodeRecordKey(targetMetadata, key);
      return { kind, part: "targetMetadata", ...ids, value: decoded };
    }
    case topology.type: {
      const decoded = value === null ? null : decodeVersioned(topology.value, value);
      return { kind, part: "topology", ...decodeRecordKey(topology, key), value: decoded };
    }
    case member.type: {
      const decoded = value === null ? null : decodeVersioned(member.value, value);
      return { kind, part: "member", ...decodeRecordKey(member, key), value: decoded };
    }
    case target.type: {
      const decoded = value === null ? null : decodeVersioned(target.value, value);
      return { kind, part: "target", ...decodeRecordKey(target, key), value: decoded };
    }
    case current.type: {
      const decoded = value === null ? null : decodeVersioned(current.value, value);
      return { kind, part: "current", ...decodeRecordKey(current, key), value: decoded };
    }
    default:
      return undefined;
  }
}
