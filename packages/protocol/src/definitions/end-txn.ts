import { api } from "../schema/api.ts";
import { bool, int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * EndTxn (key 26)
 *
 *  2  PRODUCER_FENCED
 *  3  flexible
 *  4  TRANSACTION_ABORTABLE
 *  5  the epoch is bumped, and the answer has the new one (TV2)
 */

export const endTxnRequest = message(
  "EndTxnRequest",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    committed: bool(),
  },
);
export type EndTxnRequest = Decoded<typeof endTxnRequest>;

export const endTxnResponse = message(
  "EndTxnResponse",
  { min: 0, max: 5, flexibleSince: 3 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64({ since: 5, default: -1, ignorable: true }),
    producerEpoch: int16({ since: 5, default: -1, ignorable: true }),
  },
);
export type EndTxnResponse = Decoded<typeof endTxnResponse>;

export const endTxnApi = api(26, endTxnRequest, endTxnResponse);
