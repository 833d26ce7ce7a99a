import { array, bytes, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__consumer_offsets`. A key is its type in two bytes and version 0 of the key; a value
 * is its
 * version in two bytes and the value, or null, which deletes.
 */

export const offsetCommitKey = message(
  "OffsetCommitKey",
  { min: 0, max: 0 },
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
);
export type OffsetCommitKey = Decoded<typeof offsetCommitKey>;

export const offsetCommitValue = message(
  "OffsetCommitValue",
  { min: 0, max: 4, flexibleSince: 4 },
  {
    offset: int64(),
    leaderEpoch: int32({ since: 3, default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ since: 1, until: 1, default: -1, ignorable: true }),
    topicId: uuid({ since: 4, tag: 0, ignorable: true }),
  },
);
export type OffsetCommitValue = Decoded<typeof offsetCommitValue>;

export const groupMetadataKey = message(
  "GroupMetadataKey",
  { min: 0, max: 0 },
  {
    group: string(),
  },
);
export type GroupMetadataKey = Decoded<typeof groupMetadataKey>;

const memberMetadata = {
  memberId: string(),
  groupInstanceId: string({ since: 3, nullable: true, default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ since: 1, default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
};

export const groupMetadataValue = message(
  "GroupMetadataValue",
  { min: 0, max: 4, flexibleSince: 4 },
  {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: true }),
    leader: string({ nullable: true }),
    currentStateTimestamp: int64({ since: 2, default: -1, ignorable: true }),
    members: array(memberMetadata),
  },
);
export type GroupMetadataValue = Decoded<typeof groupMetadataValue>;
