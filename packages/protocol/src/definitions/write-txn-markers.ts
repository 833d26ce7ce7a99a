import { api } from "../schema/api.ts";
import { array, bool, int16, int32, int64, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * WriteTxnMarkers (key 27)
 *
 * Between brokers.
 *  1  flexible
 *  2  version of transactions
 */

export const writeTxnMarkersRequest = message(
  "WriteTxnMarkersRequest",
  { min: 1, max: 2, flexibleSince: 1 },
  {
    markers: array({
      producerId: int64(),
      producerEpoch: int16(),
      transactionResult: bool(),
      topics: array({
        name: string(),
        partitionIndexes: array(int32()),
      }),
      coordinatorEpoch: int32(),
      transactionVersion: int8({ since: 2, default: 0, ignorable: true }),
    }),
  },
);
export type WriteTxnMarkersRequest = Decoded<typeof writeTxnMarkersRequest>;

export const writeTxnMarkersResponse = message(
  "WriteTxnMarkersResponse",
  { min: 1, max: 2, flexibleSince: 1 },
  {
    markers: array({
      producerId: int64(),
      topics: array({
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    }),
  },
);
export type WriteTxnMarkersResponse = Decoded<typeof writeTxnMarkersResponse>;

export const writeTxnMarkersApi = api(27, writeTxnMarkersRequest, writeTxnMarkersResponse);
