import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeProducers (key 61)
 *
 * One version, flexible.
 */

export const describeProducersRequest = message(
  "DescribeProducersRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    topics: array({
      name: string(),
      partitionIndexes: array(int32()),
    }),
  },
);
export type DescribeProducersRequest = Decoded<typeof describeProducersRequest>;

export const describeProducersResponse = message(
  "DescribeProducersResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: true, default: null }),
        activeProducers: array({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: int64({ default: -1 }),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
);
export type DescribeProducersResponse = Decoded<typeof describeProducersResponse>;

export const describeProducersApi = api(61, describeProducersRequest, describeProducersResponse);
