import { api } from "../schema/api.ts";
import { array, int16, int32, int64, records, string, struct, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Produce (key 0)
 *
 * Kafka 4 begins at 3; 0 to 2 are advertised and refused, since librdkafka turns compression on by
 * their presence.
 *  3  transactional id, batches of magic 2
 *  7  zstd is allowed
 *  8  errors of single records
 *  5  log start offset in the answer
 *  9  flexible
 * 10  new leader and its address come along
 * 11  TRANSACTION_ABORTABLE
 * 12  adds the partition to the transaction by itself (TV2)
 * 13  topics by id instead of name
 */

export const produceRequest = message(
  "ProduceRequest",
  { min: 3, max: 13, flexibleSince: 9 },
  {
    transactionalId: string({ nullable: true, default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array({
      name: string({ until: 12, ignorable: true }),
      topicId: uuid({ since: 13, ignorable: true }),
      partitionData: array({
        index: int32(),
        records: records({ nullable: true }),
      }),
    }),
  },
);
export type ProduceRequest = Decoded<typeof produceRequest>;

export const produceResponse = message(
  "ProduceResponse",
  { min: 3, max: 13, flexibleSince: 9 },
  {
    responses: array({
      name: string({ until: 12, ignorable: true }),
      topicId: uuid({ since: 13, ignorable: true }),
      partitionResponses: array({
        index: int32(),
        errorCode: int16(),
        baseOffset: int64(),
        logAppendTimeMs: int64({ default: -1 }),
        logStartOffset: int64({ since: 5, default: -1, ignorable: true }),
        recordErrors: array(
          {
            batchIndex: int32(),
            batchIndexErrorMessage: string({ nullable: true, default: null }),
          },
          { since: 8, ignorable: true },
        ),
        errorMessage: string({ since: 8, nullable: true, default: null, ignorable: true }),
        currentLeader: struct(
          {
            leaderId: int32({ default: -1 }),
            leaderEpoch: int32({ default: -1 }),
          },
          { since: 10, tag: 0 },
        ),
      }),
    }),
    throttleTimeMs: int32({ default: 0 }),
    nodeEndpoints: array(
      {
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: true, default: null }),
      },
      { since: 10, tag: 0 },
    ),
  },
);
export type ProduceResponse = Decoded<typeof produceResponse>;

export const produceApi = api(0, produceRequest, produceResponse, 0);
