import { api } from "../schema/api.ts";
import { array, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * ListTransactions (key 66)
 *
 * All versions are flexible.
 *  1  filter by duration
 *  2  filter by a pattern of the transactional id
 */

export const listTransactionsRequest = message(
  "ListTransactionsRequest",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    stateFilters: array(string()),
    producerIdFilters: array(int64()),
    durationFilter: int64({ since: 1, default: -1 }),
    transactionalIdPattern: string({ since: 2, nullable: true, default: null }),
  },
);
export type ListTransactionsRequest = Decoded<typeof listTransactionsRequest>;

export const listTransactionsResponse = message(
  "ListTransactionsResponse",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    unknownStateFilters: array(string()),
    transactionStates: array({
      transactionalId: string(),
      producerId: int64(),
      transactionState: string(),
    }),
  },
);
export type ListTransactionsResponse = Decoded<typeof listTransactionsResponse>;

export const listTransactionsApi = api(66, listTransactionsRequest, listTransactionsResponse);
