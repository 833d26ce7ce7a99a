import { api } from "../schema/api.ts";
import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  records,
  string,
  struct,
  uuid,
} from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ShareFetch (key 78): a member of a share group acquires records, and acknowledges others on the
 * way (KIP-932).
 *
 * 2  how many records are acquired; locks are renewed
 */

const shareFetchRequest = message(
  "ShareFetchRequest",
  { min: 1, max: 2, flexibleSince: 0 },
  {
    groupId: string({ nullable: true, default: null }),
    memberId: string({ nullable: true }),
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 0x7fffffff }),
    maxRecords: int32(),
    batchSize: int32(),
    shareAcquireMode: int8({ since: 2, default: 0, ignorable: true }),
    isRenewAck: bool({ since: 2, default: false }),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        acknowledgementBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          acknowledgeTypes: array(int8()),
        }),
      }),
    }),
    forgottenTopicsData: array({ topicId: uuid(), partitions: array(int32()) }),
  },
);
export type ShareFetchRequest = Decoded<typeof shareFetchRequest>;

const shareFetchResponse = message(
  "ShareFetchResponse",
  { min: 1, max: 2, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    acquisitionLockTimeoutMs: int32(),
    responses: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        acknowledgeErrorCode: int16(),
        acknowledgeErrorMessage: string({ nullable: true, default: null }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }),
        records: records(),
        acquiredRecords: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryCount: int16(),
        }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: true, default: null }),
    }),
  },
);

export const shareFetchApi = api(78, shareFetchRequest, shareFetchResponse);
