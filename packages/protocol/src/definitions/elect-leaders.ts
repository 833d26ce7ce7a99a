import { api } from "../schema/api.ts";
import { array, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ElectLeaders (key 43)
 *
 *  1  kinds of elections, an error of the whole request
 *  2  flexible
 */

export const electLeadersRequest = message(
  "ElectLeadersRequest",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    electionType: int8({ since: 1 }),
    topicPartitions: array(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { nullable: true },
    ),
    timeoutMs: int32({ default: 60000 }),
  },
);
export type ElectLeadersRequest = Decoded<typeof electLeadersRequest>;

export const electLeadersResponse = message(
  "ElectLeadersResponse",
  { min: 0, max: 2, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    errorCode: int16({ since: 1 }),
    replicaElectionResults: array({
      topic: string(),
      partitionResult: array({
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
      }),
    }),
  },
);
export type ElectLeadersResponse = Decoded<typeof electLeadersResponse>;

export const electLeadersApi = api(43, electLeadersRequest, electLeadersResponse);
