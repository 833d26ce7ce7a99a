import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * CreateTopics (key 19)
 *
 *  2  throttle time
 *  4  -1 partitions or replicas: the broker's default
 *  5  flexible; the answer has the configuration
 *  7  the answer has the topic id
 */

export const createTopicsRequest = message(
  "CreateTopicsRequest",
  { min: 2, max: 7, flexibleSince: 5 },
  {
    topics: array({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: array({
        partitionIndex: int32(),
        brokerIds: array(int32()),
      }),
      configs: array({
        name: string(),
        value: string({ nullable: true }),
      }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ default: false }),
  },
);
export type CreateTopicsRequest = Decoded<typeof createTopicsRequest>;

export const createTopicsResponse = message(
  "CreateTopicsResponse",
  { min: 2, max: 7, flexibleSince: 5 },
  {
    throttleTimeMs: int32(),
    topics: array({
      name: string(),
      topicId: uuid({ since: 7, ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ nullable: true }),
      topicConfigErrorCode: int16({ since: 5, tag: 0, ignorable: true }),
      numPartitions: int32({ since: 5, default: -1, ignorable: true }),
      replicationFactor: int16({ since: 5, default: -1, ignorable: true }),
      configs: array(
        {
          name: string(),
          value: string({ nullable: true }),
          readOnly: bool(),
          configSource: int8({ default: -1 }),
          isSensitive: bool(),
        },
        { since: 5, nullable: true, ignorable: true },
      ),
    }),
  },
);
export type CreateTopicsResponse = Decoded<typeof createTopicsResponse>;

export const createTopicsApi = api(19, createTopicsRequest, createTopicsResponse);
