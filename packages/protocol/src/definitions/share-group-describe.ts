import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ShareGroupDescribe (key 77): share groups with their members and what these are assigned (KIP-932).
 */

const shareGroupDescribeRequest = message(
  "ShareGroupDescribeRequest",
  { min: 1, max: 1, flexibleSince: 0 },
  { groupIds: array(string()), includeAuthorizedOperations: bool() },
);
export type ShareGroupDescribeRequest = Decoded<typeof shareGroupDescribeRequest>;

const shareGroupDescribeResponse = message(
  "ShareGroupDescribeResponse",
  { min: 1, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      assignorName: string(),
      members: array({
        memberId: string(),
        rackId: string({ nullable: true, default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string()),
        assignment: struct({
          topicPartitions: array({
            topicId: uuid(),
            topicName: string(),
            partitions: array(int32()),
          }),
        }),
      }),
      authorizedOperations: int32({ default: -0x80000000 }),
    }),
  },
);

export const shareGroupDescribeApi = api(77, shareGroupDescribeRequest, shareGroupDescribeResponse);
