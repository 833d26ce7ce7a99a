import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ConsumerGroupDescribe (key 69): consumer groups with their members and assignments (KIP-848).
 *
 * v1  which protocol a member uses
 */

const nullable = { nullable: true, default: null } as const;
const assignment = {
  topicPartitions: array({ topicId: uuid(), topicName: string(), partitions: array(int32()) }),
};
const member = {
  memberId: string(),
  instanceId: string(nullable),
  rackId: string(nullable),
  memberEpoch: int32(),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  subscribedTopicRegex: string(nullable),
  assignment: struct(assignment),
  targetAssignment: struct(assignment),
  memberType: int8({ since: 1, default: -1, ignorable: true }),
};

export const consumerGroupDescribeRequest = message(
  "ConsumerGroupDescribeRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
);
export type ConsumerGroupDescribeRequest = Decoded<typeof consumerGroupDescribeRequest>;

export const consumerGroupDescribeResponse = message(
  "ConsumerGroupDescribeResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    groups: array({
      errorCode: int16(),
      errorMessage: string(nullable),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      assignorName: string(),
      members: array(member),
      authorizedOperations: int32({ default: -0x80000000 }),
    }),
  },
);
export type ConsumerGroupDescribeResponse = Decoded<typeof consumerGroupDescribeResponse>;

export const consumerGroupDescribeApi = api(
  69,
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
);
