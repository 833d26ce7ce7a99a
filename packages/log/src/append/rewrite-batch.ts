import {
  compressionNames,
  isTransactional,
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
 * A client's batch with another codec, its records numbered as they lie (Kafka:
 * `LogValidator.buildRecordsAndAssignOffsets`). What may be wrong with the records was checked before.
 */
export function rewriteBatch(
  bytes: Uint8Array,
  compressionId: number,
  { codecs, config }: { readonly codecs: Compression; readonly config: LogConfig },
): Uint8Array {
  const records = new RecordBatchReader({ bytes, codecs });
  const builder = new RecordBatchBuilder({ capacityBytes: 2 * bytes.length });
  while (records.next())
    builder.append(records.timestamp, records.key, records.value, records.headers);
  const rewritten = builder.build({
    producerId: readProducerId(bytes, 0),
    producerEpoch: readProducerEpoch(bytes, 0),
    baseSequence: readBaseSequence(bytes, 0),
    isTransactional: isTransactional(readAttributes(bytes, 0)),
    compression: compressionNames[compressionId],
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
