import { api } from "../schema/api.ts";
import { array, int16, int32, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DeleteTopics (key 20)
 *
 *  1  throttle time
 *  3  TOPIC_DELETION_DISABLED
 *  4  flexible
 *  5  error texts
 *  6  by name or by id
 */

export const deleteTopicsRequest = message(
  "DeleteTopicsRequest",
  { min: 1, max: 6, flexibleSince: 4 },
  {
    topics: array(
      {
        name: string({ nullable: true, default: null }),
        topicId: uuid(),
      },
      { since: 6 },
    ),
    topicNames: array(string(), { until: 5, ignorable: true }),
    timeoutMs: int32(),
  },
);
export type DeleteTopicsRequest = Decoded<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = message(
  "DeleteTopicsResponse",
  { min: 1, max: 6, flexibleSince: 4 },
  {
    throttleTimeMs: int32(),
    responses: array({
      name: string({ nullable: 6 }),
      topicId: uuid({ since: 6, ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ since: 5, nullable: true, default: null, ignorable: true }),
    }),
  },
);
export type DeleteTopicsResponse = Decoded<typeof deleteTopicsResponse>;

export const deleteTopicsApi = api(20, deleteTopicsRequest, deleteTopicsResponse);
