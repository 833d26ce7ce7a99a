import {
  compressionNames,
  isTransactional,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  readAttributes,
  readBaseSequence,
  readProducerEpoch,
  readProducerId,
  RecordBatchBuilder,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import type { LogConfig } from "../log-config.ts";
import { LogRequestError } from "../log-error.ts";

/**
 * Kafka's builder takes no producer without an epoch or a sequence, and no record of a time below 0 that is not -1:
 * it fails where a batch that is stored as it lies passes.
 */
function refuseUnbuildable(isFine: boolean, what: string): void {
  if (!isFine)
    throw new LogRequestError(
      "UNKNOWN_SERVER_ERROR",
      `a batch cannot be written anew with ${what}`,
    );
}

/**
 * A client's batch with another codec, its records numbered as they lie (Kafka:
 * `LogValidator.buildRecordsAndAssignOffsets`). What may be wrong with the records was checked before.
 */
export function rewriteBatch(
  bytes: Uint8Array,
  compressionId: number,
  { codecs, config }: { readonly codecs: Compression; readonly config: LogConfig },
): Uint8Array {
  const producerId = readProducerId(bytes, 0);
  const producerEpoch = readProducerEpoch(bytes, 0);
  const baseSequence = readBaseSequence(bytes, 0);
  const isWhole =
    producerId === noProducerId ||
    (producerEpoch !== noProducerEpoch && baseSequence !== noSequence);
  refuseUnbuildable(isWhole, `producer ${producerId} without an epoch or a sequence`);
  const records = new RecordBatchReader({ bytes, codecs });
  const builder = new RecordBatchBuilder({ capacityBytes: 2 * bytes.length });
  while (records.next()) {
    const { timestamp } = records;
    refuseUnbuildable(timestamp >= noTimestamp, `the time ${timestamp}`);
    builder.append(timestamp, records.key, records.value, records.headers);
  }
  const rewritten = builder.build({
    producerId,
    producerEpoch,
    baseSequence,
    isTransactional: isTransactional(readAttributes(bytes, 0)),
    compression: compressionNames[compressionId],
    compressionLevel: config.compressionLevel,
    codecs,
  });
  if (rewritten.length > config.maxMessageBytes)
    throw new LogRequestError(
      "MESSAGE_TOO_LARGE",
      `a batch has ${rewritten.length} bytes with the topic's codec, max.message.bytes is ` +
        `${config.maxMessageBytes}`,
    );
  return rewritten;
}
