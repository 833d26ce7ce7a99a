import { api } from "../schema/api.ts";
import { int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * AddOffsetsToTxn (key 25)
 *
 *  2  PRODUCER_FENCED
 *  3  flexible
 *  4  TRANSACTION_ABORTABLE
 */

export const addOffsetsToTxnRequest = message(
  "AddOffsetsToTxnRequest",
  { min: 0, max: 4, flexibleSince: 3 },
  {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
);
export type AddOffsetsToTxnRequest = Decoded<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = message(
  "AddOffsetsToTxnResponse",
  { min: 0, max: 4, flexibleSince: 3 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
);
export type AddOffsetsToTxnResponse = Decoded<typeof addOffsetsToTxnResponse>;

export const addOffsetsToTxnApi = api(25, addOffsetsToTxnRequest, addOffsetsToTxnResponse);
