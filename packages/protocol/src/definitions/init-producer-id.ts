import { api } from "../schema/api.ts";
import { int16, int32, int64, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * InitProducerId (key 22)
 *
 *  2  flexible
 *  3  resuming with the producer id and epoch held
 *  4  PRODUCER_FENCED
 *  5  TRANSACTION_ABORTABLE
 * Version 6, two-phase commit, is unstable in Kafka and not served.
 */

export const initProducerIdRequest = message(
  "InitProducerIdRequest",
  { min: 0, max: 5, flexibleSince: 2 },
  {
    transactionalId: string({ nullable: true }),
    transactionTimeoutMs: int32(),
    producerId: int64({ since: 3, default: -1 }),
    producerEpoch: int16({ since: 3, default: -1 }),
  },
);
export type InitProducerIdRequest = Decoded<typeof initProducerIdRequest>;

export const initProducerIdResponse = message(
  "InitProducerIdResponse",
  { min: 0, max: 5, flexibleSince: 2 },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
  },
);
export type InitProducerIdResponse = Decoded<typeof initProducerIdResponse>;

export const initProducerIdApi = api(22, initProducerIdRequest, initProducerIdResponse);
