import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string, uint16, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeQuorum (key 55)
 *
 *  1  times of the last fetch
 *  2  directories, texts of errors, addresses of the nodes
 */

export const describeQuorumRequest = message(
  "DescribeQuorumRequest",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
);
export type DescribeQuorumRequest = Decoded<typeof describeQuorumRequest>;

export const describeQuorumResponse = message(
  "DescribeQuorumResponse",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    errorCode: int16(),
    errorMessage: string({ since: 2, nullable: 2, ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ since: 2, nullable: 2, ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: array({
          replicaId: int32(),
          replicaDirectoryId: uuid({ since: 2 }),
          logEndOffset: int64(),
          lastFetchTimestamp: int64({ since: 1, default: -1, ignorable: true }),
          lastCaughtUpTimestamp: int64({ since: 1, default: -1, ignorable: true }),
        }),
        observers: array({
          replicaId: int32(),
          replicaDirectoryId: uuid({ since: 2 }),
          logEndOffset: int64(),
          lastFetchTimestamp: int64({ since: 1, default: -1, ignorable: true }),
          lastCaughtUpTimestamp: int64({ since: 1, default: -1, ignorable: true }),
        }),
      }),
    }),
    nodes: array(
      {
        nodeId: int32(),
        listeners: array({
          name: string(),
          host: string(),
          port: uint16(),
        }),
      },
      { since: 2 },
    ),
  },
);
export type DescribeQuorumResponse = Decoded<typeof describeQuorumResponse>;

export const describeQuorumApi = api(55, describeQuorumRequest, describeQuorumResponse);
