import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * TxnOffsetCommit (key 28)
 *
 *  2  leader epoch of the offset
 *  3  flexible; fenced by group generation and member
 *  4  TRANSACTION_ABORTABLE
 *  5  adds the group to the transaction by itself (TV2)
 */

export const txnOffsetCommitRequest = message(
  "TxnOffsetCommitRequest",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32({ since: 3, default: -1 }),
    memberId: string({ since: 3, default: "" }),
    groupInstanceId: string({ since: 3, nullable: true, default: null }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ since: 2, default: -1, ignorable: true }),
        committedMetadata: string({ nullable: true }),
      }),
    }),
  },
);
export type TxnOffsetCommitRequest = Decoded<typeof txnOffsetCommitRequest>;

export const txnOffsetCommitResponse = message(
  "TxnOffsetCommitResponse",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    throttleTimeMs: int32(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
);
export type TxnOffsetCommitResponse = Decoded<typeof txnOffsetCommitResponse>;

export const txnOffsetCommitApi = api(28, txnOffsetCommitRequest, txnOffsetCommitResponse);
