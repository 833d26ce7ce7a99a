import { api } from "../schema/api.ts";
import { array, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ListPartitionReassignments (key 46)
 *
 * One version.
 */

export const listPartitionReassignmentsRequest = message(
  "ListPartitionReassignmentsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    timeoutMs: int32({ default: 60000 }),
    topics: array(
      {
        name: string(),
        partitionIndexes: array(int32()),
      },
      { nullable: true, default: null },
    ),
  },
);
export type ListPartitionReassignmentsRequest = Decoded<typeof listPartitionReassignmentsRequest>;

export const listPartitionReassignmentsResponse = message(
  "ListPartitionReassignmentsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32()),
        addingReplicas: array(int32()),
        removingReplicas: array(int32()),
      }),
    }),
  },
);
export type ListPartitionReassignmentsResponse = Decoded<typeof listPartitionReassignmentsResponse>;

export const listPartitionReassignmentsApi = api(
  46,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
);
