import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int64, int8, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ShareAcknowledge (key 79): a member of a share group tells what became of records (KIP-932).
 *
 * 2  locks are renewed
 */

const shareAcknowledgeRequest = message(
  "ShareAcknowledgeRequest",
  { min: 1, max: 2, flexibleSince: 0 },
  {
    groupId: string({ nullable: true, default: null }),
    memberId: string({ nullable: true }),
    shareSessionEpoch: int32(),
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
  },
);
export type ShareAcknowledgeRequest = Decoded<typeof shareAcknowledgeRequest>;

const shareAcknowledgeResponse = message(
  "ShareAcknowledgeResponse",
  { min: 1, max: 2, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    acquisitionLockTimeoutMs: int32({ since: 2, ignorable: true }),
    responses: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }),
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

export const shareAcknowledgeApi = api(79, shareAcknowledgeRequest, shareAcknowledgeResponse);
