import { codecOf, type Decoded, type Given, type Message } from "@millrace/protocol";
import {
  accessControlEntryRecord,
  clientQuotaRecord,
  configRecord,
  delegationTokenRecord,
  featureLevelRecord,
  partitionRecord,
  producerIdsRecord,
  registerBrokerRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeTopicRecord,
  removeUserScramCredentialRecord,
  topicRecord,
  userScramCredentialRecord,
} from "@millrace/protocol/definitions";
import { Reader, Writer } from "@millrace/protocol/wire";

/** Records of `__cluster_metadata` that this broker writes; others are passed over. */
const kinds = {
  registerBroker: { key: 0, version: 3, message: registerBrokerRecord },
  topic: { key: 2, version: 0, message: topicRecord },
  partition: { key: 3, version: 2, message: partitionRecord },
  config: { key: 4, version: 0, message: configRecord },
  removeTopic: { key: 9, version: 0, message: removeTopicRecord },
  delegationToken: { key: 10, version: 0, message: delegationTokenRecord },
  userScramCredential: { key: 11, version: 0, message: userScramCredentialRecord },
  featureLevel: { key: 12, version: 0, message: featureLevelRecord },
  clientQuota: { key: 14, version: 0, message: clientQuotaRecord },
  producerIds: { key: 15, version: 0, message: producerIdsRecord },
  accessControlEntry: { key: 18, version: 0, message: accessControlEntryRecord },
  removeAccessControlEntry: { key: 19, version: 0, message: removeAccessControlEntryRecord },
  removeUserScramCredential: { key: 22, version: 0, message: removeUserScramCredentialRecord },
  removeDelegationToken: { key: 26, version: 0, message: removeDelegationTokenRecord },
} as const;

type Kinds = typeof kinds;
export type MetadataRecordKind = keyof Kinds;

/** A change of the metadata, to be written. */
export type MetadataRecord = {
  readonly [Kind in MetadataRecordKind]: {
    readonly kind: Kind;
    readonly value: Given<Kinds[Kind]["message"]>;
  };
}[MetadataRecordKind];

/** The same, as read. */
export type ReadMetadataRecord = {
  readonly [Kind in MetadataRecordKind]: {
    readonly kind: Kind;
    readonly value: Decoded<Kinds[Kind]["message"]>;
  };
}[MetadataRecordKind];

/** Version of the frame around each record: it says key and version of what follows, as varints. */
const frameVersion = 1;

export function encodeMetadataRecord(record: MetadataRecord): Uint8Array {
  const { key, version, message } = kinds[record.kind];
  const writer = new Writer();
  writer.writeUnsignedVarint(frameVersion);
  writer.writeUnsignedVarint(key);
  writer.writeUnsignedVarint(version);
  // The record's kind picked the message that its value was typed by.
  codecOf(message as Message, version).write(writer, record.value as never);
  return writer.toBytes();
}

/** Undefined: a record of a kind that means nothing to this broker. */
export function decodeMetadataRecord(bytes: Uint8Array): ReadMetadataRecord | undefined {
  const reader = new Reader(bytes);
  reader.readUnsignedVarint();
  const key = reader.readUnsignedVarint();
  const version = reader.readUnsignedVarint();
  for (const [kind, row] of Object.entries(kinds)) {
    if (row.key !== key) continue;
    const value = codecOf(row.message as Message, version).read(reader);
    // As above: kind and message stand in one row.
    return { kind, value } as unknown as ReadMetadataRecord;
  }
  return undefined;
}
