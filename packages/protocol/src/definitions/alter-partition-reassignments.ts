import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AlterPartitionReassignments (key 45)
 *
 *  1  a change of the number of replicas can be forbidden
 */

export const alterPartitionReassignmentsRequest = message(
  "AlterPartitionReassignmentsRequest",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ since: 1, default: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32(), { nullable: true, default: null }),
      }),
    }),
  },
);
export type AlterPartitionReassignmentsRequest = Decoded<typeof alterPartitionReassignmentsRequest>;

export const alterPartitionReassignmentsResponse = message(
  "AlterPartitionReassignmentsResponse",
  { min: 0, max: 1, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool({ since: 1, default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: true }),
    responses: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true }),
      }),
    }),
  },
);
export type AlterPartitionReassignmentsResponse = Decoded<
  typeof alterPartitionReassignmentsResponse
>;

export const alterPartitionReassignmentsApi = api(
  45,
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
);
