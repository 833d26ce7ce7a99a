import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string, struct } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";
import { endpoint, keyValue, taskIds, taskOffset, topicInfo } from "./streams-group-structs.ts";

/*
 * StreamsGroupDescribe (key 89): streams groups with their topology, members, and tasks (KIP-1071).
 */

const assignment = {
  activeTasks: array(taskIds),
  standbyTasks: array(taskIds),
  warmupTasks: array(taskIds),
};
const subtopology = {
  subtopologyId: string(),
  sourceTopics: array(string()),
  repartitionSinkTopics: array(string()),
  stateChangelogTopics: array(topicInfo),
  repartitionSourceTopics: array(topicInfo),
};
const member = {
  memberId: string(),
  memberEpoch: int32(),
  instanceId: string({ nullable: true, default: null }),
  rackId: string({ nullable: true, default: null }),
  clientId: string(),
  clientHost: string(),
  topologyEpoch: int32(),
  processId: string(),
  userEndpoint: struct(endpoint, { nullable: true, default: null }),
  clientTags: array(keyValue),
  taskOffsets: array(taskOffset),
  taskEndOffsets: array(taskOffset),
  assignment: struct(assignment),
  targetAssignment: struct(assignment),
  isClassic: bool(),
};

export const streamsGroupDescribeRequest = message(
  "StreamsGroupDescribeRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
);
export type StreamsGroupDescribeRequest = Decoded<typeof streamsGroupDescribeRequest>;

export const streamsGroupDescribeResponse = message(
  "StreamsGroupDescribeResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: true, default: null }),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      topology: struct(
        {
          epoch: int32(),
          subtopologies: array(subtopology, { nullable: true, default: null }),
        },
        { nullable: true, default: null },
      ),
      members: array(member),
      authorizedOperations: int32({ default: -0x80000000 }),
    }),
  },
);
export type StreamsGroupDescribeResponse = Decoded<typeof streamsGroupDescribeResponse>;

export const streamsGroupDescribeApi = api(
  89,
  streamsGroupDescribeRequest,
  streamsGroupDescribeResponse,
);
