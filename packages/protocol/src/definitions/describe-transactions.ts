import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * DescribeTransactions (key 65)
 *
 * One version, flexible.
 */

export const describeTransactionsRequest = message(
  "DescribeTransactionsRequest",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    transactionalIds: array(string()),
  },
);
export type DescribeTransactionsRequest = Decoded<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = message(
  "DescribeTransactionsResponse",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    transactionStates: array({
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: array({
        topic: string(),
        partitions: array(int32()),
      }),
    }),
  },
);
export type DescribeTransactionsResponse = Decoded<typeof describeTransactionsResponse>;

export const describeTransactionsApi = api(
  65,
  describeTransactionsRequest,
  describeTransactionsResponse,
);
