import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeCluster (key 60)
 *
 * All versions are flexible.
 *  1  brokers or controllers
 *  2  fenced brokers
 */

export const describeClusterRequest = message(
  "DescribeClusterRequest",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ since: 1, default: 1 }),
    includeFencedBrokers: bool({ since: 2 }),
  },
);
export type DescribeClusterRequest = Decoded<typeof describeClusterRequest>;

export const describeClusterResponse = message(
  "DescribeClusterResponse",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: true, default: null }),
    endpointType: int8({ since: 1, default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: array({
      brokerId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: true, default: null }),
      isFenced: bool({ since: 2 }),
    }),
    clusterAuthorizedOperations: int32({ default: -0x80000000 }),
  },
);
export type DescribeClusterResponse = Decoded<typeof describeClusterResponse>;

export const describeClusterApi = api(60, describeClusterRequest, describeClusterResponse);
