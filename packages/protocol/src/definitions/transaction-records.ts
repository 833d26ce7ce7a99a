import { array, int16, int32, int64, int8, string } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__transaction_state`, framed like those of groups. Version 1 of the value adds tags
 * for TV2.
 */

export const transactionLogKey = message(
  "TransactionLogKey",
  { min: 0, max: 0 },
  {
    transactionalId: string(),
  },
);
export type TransactionLogKey = Decoded<typeof transactionLogKey>;

export const transactionLogValue = message(
  "TransactionLogValue",
  { min: 0, max: 1, flexibleSince: 1 },
  {
    producerId: int64(),
    previousProducerId: int64({ since: 1, tag: 0, default: -1 }),
    nextProducerId: int64({ since: 1, tag: 1, default: -1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ since: 1, tag: 3, default: -1 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: array(
      {
        topic: string(),
        partitionIds: array(int32()),
      },
      { nullable: true },
    ),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16({ since: 1, tag: 2, default: 0 }),
  },
);
export type TransactionLogValue = Decoded<typeof transactionLogValue>;
