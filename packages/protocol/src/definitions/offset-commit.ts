import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * OffsetCommit (key 8)
 *
 *  2  to 4 carry a retention time
 *  6  leader epoch of the offset
 *  7  static members
 *  8  flexible
 *  9  the epoch of members of the new protocol
 * 10  topics by id instead of name
 */

export const offsetCommitRequest = message(
  "OffsetCommitRequest",
  { min: 2, max: 10, flexibleSince: 8 },
  {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ default: -1 }),
    memberId: string(),
    groupInstanceId: string({ since: 7, nullable: true, default: null }),
    retentionTimeMs: int64({ until: 4, default: -1, ignorable: true }),
    topics: array({
      name: string({ until: 9, ignorable: true }),
      topicId: uuid({ since: 10, ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ since: 6, default: -1, ignorable: true }),
        committedMetadata: string({ nullable: true }),
      }),
    }),
  },
);
export type OffsetCommitRequest = Decoded<typeof offsetCommitRequest>;

export const offsetCommitResponse = message(
  "OffsetCommitResponse",
  { min: 2, max: 10, flexibleSince: 8 },
  {
    throttleTimeMs: int32({ since: 3, ignorable: true }),
    topics: array({
      name: string({ until: 9, ignorable: true }),
      topicId: uuid({ since: 10, ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);
export type OffsetCommitResponse = Decoded<typeof offsetCommitResponse>;

export const offsetCommitApi = api(8, offsetCommitRequest, offsetCommitResponse);
