import {
  batchMagic,
  batchOverheadBytes,
  compressionIdOf,
  readAttributes,
  readBatchSizeBytes,
  readMagic,
} from "@millrace/protocol/records";
import { type AppendRefusal, refusedWith } from "./append-refusal.ts";

/** Up to here a batch tells its size and its magic. */
const prologueBytes = 17;
/** Kafka takes nothing shorter for a batch of any format. */
const recordBytesMin = 14;
const zstdId = 4;

/**
 * What Kafka refuses before it looks at the log: a request has exactly one batch for a partition, of magic 2, without
 * zstd below version 7. Bytes behind it that are too few for a batch are overlooked. Undefined: fine.
 */
export function checkProducedRecords(
  records: Uint8Array,
  apiVersion: number,
): AppendRefusal | undefined {
  const size = batchSizeAt(records, 0);
  if (size === "corrupt") return corrupt();
  if (size === "none") return refusedWith("INVALID_RECORD");
  const next = batchSizeAt(records, size);
  if (next === "corrupt") return corrupt();
  if (readMagic(records, 0) !== batchMagic) return refusedWith("INVALID_RECORD");
  if (apiVersion < 7 && compressionIdOf(readAttributes(records, 0)) === zstdId)
    return refusedWith("UNSUPPORTED_COMPRESSION_TYPE");
  return next === "none" ? undefined : refusedWith("INVALID_RECORD");
}

function batchSizeAt(bytes: Uint8Array, position: number): number | "none" | "corrupt" {
  const remaining = bytes.length - position;
  if (remaining < batchOverheadBytes) return "none";
  const size = readBatchSizeBytes(bytes, position);
  if (size - batchOverheadBytes < recordBytesMin) return "corrupt";
  if (remaining < prologueBytes) return "none";
  const magic = readMagic(bytes, position);
  if (magic < 0 || magic > batchMagic) return "corrupt";
  return size > remaining ? "none" : size;
}

function corrupt(): AppendRefusal {
  return { ...refusedWith("CORRUPT_MESSAGE"), errorMessage: "the records are no record batch" };
}
