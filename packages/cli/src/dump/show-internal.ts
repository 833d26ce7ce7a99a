import { messageOf, toHex } from "@millrace/model";
import { decodeVersioned } from "@millrace/protocol";
import * as definitions from "@millrace/protocol/definitions";

import type { ShowRecord } from "./dump-entry.ts";

type RecordKind = definitions.CoordinatorRecordKind;

const ofTransactions = [definitions.transactionLogRecord] as readonly RecordKind[];
const ofShareState = [
  definitions.shareSnapshotRecord,
  definitions.shareUpdateRecord,
] as readonly RecordKind[];
/** Groups have many kinds, and get more: all that is a kind and none of the other two topics'. */
const ofGroups = Object.values<unknown>(definitions)
  .filter(isRecordKind)
  .filter((kind) => !ofTransactions.includes(kind) && !ofShareState.includes(kind));

/** How records of the cluster's own topics are shown; undefined: it is none of them. */
export function showInternal(topic: string): ShowRecord | undefined {
  switch (topic) {
    case "__consumer_offsets":
      return byKinds(ofGroups);
    case "__transaction_state":
      return byKinds(ofTransactions);
    case "__share_group_state":
      return byKinds(ofShareState);
    case "__cluster_metadata":
      return (_key, value) => ({ key: null, value: value === null ? null : metadataOf(value) });
    default:
      return undefined;
  }
}

function isRecordKind(given: unknown): given is RecordKind {
  return (
    typeof given === "object" &&
    given !== null &&
    "type" in given &&
    "key" in given &&
    "value" in given
  );
}

function byKinds(kinds: readonly RecordKind[]): ShowRecord {
  return (key, value) => {
    if (key === null) return { key, value: value === null ? null : toHex(value) };
    const type = definitions.recordTypeOf(key);
    const kind = kinds.find((one) => one.type === type);
    if (kind === undefined)
      return { key: { type, hex: toHex(key) }, value: value === null ? null : toHex(value) };
    const name = kind.key.name.replace(/Key$/, "");
    return {
      key: { type: name, ...definitions.decodeRecordKey(kind, key) },
      value: value === null ? null : decodeVersioned(kind.value, value),
    };
  };
}

function metadataOf(bytes: Uint8Array): unknown {
  try {
    const { name, value } = definitions.decodeMetadataRecord(bytes);
    return { type: name, ...value };
  } catch (error) {
    // A newer Kafka has kinds that are not known here; the others are worth reading.
    return { unknown: messageOf(error), hex: toHex(bytes) };
  }
}
