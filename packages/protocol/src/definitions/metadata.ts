import { api } from "../schema/api.ts";
import { array, bool, int16, int32, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Metadata (key 3)
 *
 *  0  an empty list means all topics; from 1 on null does, and an empty list means none
 *  1  controller, racks, internal topics
 *  2  cluster id
 *  3  throttle time
 *  4  automatic creation may be forbidden
 *  5  offline replicas
 *  7  leader epoch
 *  8  authorized operations
 *  9  flexible
 * 10  topic ids in the answer
 * 11  no operations of the cluster
 * 12  asking by topic id
 * 13  an error of the whole answer
 */

export const metadataRequest = message(
  "MetadataRequest",
  { min: 0, max: 13, flexibleSince: 9 },
  {
    topics: array(
      {
        topicId: uuid({ since: 10, ignorable: true }),
        name: string({ nullable: 10 }),
      },
      { nullable: 1 },
    ),
    allowAutoTopicCreation: bool({ since: 4, default: true }),
    includeClusterAuthorizedOperations: bool({ since: 8, until: 10 }),
    includeTopicAuthorizedOperations: bool({ since: 8 }),
  },
);
export type MetadataRequest = Decoded<typeof metadataRequest>;

export const metadataResponse = message(
  "MetadataResponse",
  { min: 0, max: 13, flexibleSince: 9 },
  {
    throttleTimeMs: int32({ since: 3, ignorable: true }),
    brokers: array({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ since: 1, nullable: true, default: null, ignorable: true }),
    }),
    clusterId: string({ since: 2, nullable: true, default: null, ignorable: true }),
    controllerId: int32({ since: 1, default: -1, ignorable: true }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: 12 }),
      topicId: uuid({ since: 10, ignorable: true }),
      isInternal: bool({ since: 1, default: false, ignorable: true }),
      partitions: array({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ since: 7, default: -1, ignorable: true }),
        replicaNodes: array(int32()),
        isrNodes: array(int32()),
        offlineReplicas: array(int32(), { since: 5, ignorable: true }),
      }),
      topicAuthorizedOperations: int32({ since: 8, default: -0x80000000 }),
    }),
    clusterAuthorizedOperations: int32({ since: 8, until: 10, default: -0x80000000 }),
    errorCode: int16({ since: 13, ignorable: true }),
  },
);
export type MetadataResponse = Decoded<typeof metadataResponse>;

export const metadataApi = api(3, metadataRequest, metadataResponse);
