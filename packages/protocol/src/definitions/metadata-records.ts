import { ProtocolError } from "../protocol-error.ts";
import { codecOf } from "../schema/codec.ts";
import type { Decoded, Given } from "../schema/message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import {
  abortTransactionRecord,
  beginTransactionRecord,
  clientQuotaRecord,
  endTransactionRecord,
  featureLevelRecord,
  noOpRecord,
  producerIdsRecord,
  registerBrokerRecord,
} from "./metadata-cluster-records.ts";
import {
  accessControlEntryRecord,
  delegationTokenRecord,
  removeAccessControlEntryRecord,
  removeDelegationTokenRecord,
  removeUserScramCredentialRecord,
  userScramCredentialRecord,
} from "./metadata-security-records.ts";
import {
  configRecord,
  partitionChangeRecord,
  partitionRecord,
  removeTopicRecord,
  topicRecord,
} from "./metadata-topic-records.ts";

/** The frame around each record of `__cluster_metadata`: its own version, the type, the version. */
const knownFrameVersion = 1;

/**
 * Kinds of records in `__cluster_metadata`, by Kafka's name, with the type that the frame tells.
 */
export const metadataRecordTypes = {
  RegisterBrokerRecord: { type: 0, message: registerBrokerRecord },
  TopicRecord: { type: 2, message: topicRecord },
  PartitionRecord: { type: 3, message: partitionRecord },
  ConfigRecord: { type: 4, message: configRecord },
  PartitionChangeRecord: { type: 5, message: partitionChangeRecord },
  RemoveTopicRecord: { type: 9, message: removeTopicRecord },
  DelegationTokenRecord: { type: 10, message: delegationTokenRecord },
  UserScramCredentialRecord: { type: 11, message: userScramCredentialRecord },
  FeatureLevelRecord: { type: 12, message: featureLevelRecord },
  ClientQuotaRecord: { type: 14, message: clientQuotaRecord },
  ProducerIdsRecord: { type: 15, message: producerIdsRecord },
  AccessControlEntryRecord: { type: 18, message: accessControlEntryRecord },
  RemoveAccessControlEntryRecord: { type: 19, message: removeAccessControlEntryRecord },
  NoOpRecord: { type: 20, message: noOpRecord },
  RemoveUserScramCredentialRecord: { type: 22, message: removeUserScramCredentialRecord },
  BeginTransactionRecord: { type: 23, message: beginTransactionRecord },
  EndTransactionRecord: { type: 24, message: endTransactionRecord },
  AbortTransactionRecord: { type: 25, message: abortTransactionRecord },
  RemoveDelegationTokenRecord: { type: 26, message: removeDelegationTokenRecord },
} as const;

export type MetadataRecordName = keyof typeof metadataRecordTypes;

type MessageOf<Name extends MetadataRecordName> = (typeof metadataRecordTypes)[Name]["message"];

/** One record, told apart by `name`. */
export type MetadataRecord = {
  [Name in MetadataRecordName]: { readonly name: Name; readonly value: Decoded<MessageOf<Name>> };
}[MetadataRecordName];

const namesByType = new Map<number, MetadataRecordName>();
for (const [name, { type }] of Object.entries(metadataRecordTypes)) {
  namesByType.set(type, name as MetadataRecordName);
}

/**
 * The value of a record of `__cluster_metadata`, in the highest version; records there have no key.
 *
 * @example encodeMetadataRecord("TopicRecord", { name: "orders", topicId })
 */
export function encodeMetadataRecord<Name extends MetadataRecordName>(
  name: Name,
  value: Given<MessageOf<Name>>,
): Uint8Array {
  const { type, message } = metadataRecordTypes[name];
  const version = message.versions.max;
  const writer = new Writer();
  writer.writeUnsignedVarint(knownFrameVersion);
  writer.writeUnsignedVarint(type);
  writer.writeUnsignedVarint(version);
  // The value is of the message that stands beside its name in the table.
  codecOf(message, version).write(writer, value as never);
  return writer.toBytes();
}

/** @throws ProtocolError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION` */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const reader = new Reader(bytes);
  const frameVersion = reader.readUnsignedVarint();
  const type = reader.readUnsignedVarint();
  const version = reader.readUnsignedVarint();
  const name = namesByType.get(type);
  if (frameVersion !== knownFrameVersion || name === undefined) {
    throw new ProtocolError(
      "UNSUPPORTED_VERSION",
      `a metadata record of type ${type} in a frame of version ${frameVersion} is not known`,
    );
  }
  const value = codecOf(metadataRecordTypes[name].message, version).read(reader);
  // Name and message come from one row of the table.
  return { name, value } as MetadataRecord;
}
