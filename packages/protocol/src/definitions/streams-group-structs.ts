import { array, int16, int32, int64, string, uint16 } from "../schema/field.ts";

/* What the messages and the records of a streams group (KIP-1071) have in common. */

export const keyValue = { key: string(), value: string() };
export const endpoint = { host: string(), port: uint16() };
export const taskIds = { subtopologyId: string(), partitions: array(int32()) };
export const taskOffset = { subtopologyId: string(), partition: int32(), offset: int64() };
export const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(keyValue),
};
/** As a member tells it, and as it is kept. */
export const subtopology = {
  subtopologyId: string(),
  sourceTopics: array(string()),
  sourceTopicRegex: array(string()),
  stateChangelogTopics: array(topicInfo),
  repartitionSinkTopics: array(string()),
  repartitionSourceTopics: array(topicInfo),
  copartitionGroups: array({
    sourceTopics: array(int16()),
    sourceTopicRegex: array(int16()),
    repartitionSourceTopics: array(int16()),
  }),
};
