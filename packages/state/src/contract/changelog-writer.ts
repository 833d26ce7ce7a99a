import type { Headers, Timestamp } from "@millrace/model";

/** Takes the changelog records of one store. A `PartitionWriter` of the cluster port fits. */
export interface ChangelogWriter {
  /** Copies the bytes before it returns. */
  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): void;
}
