import type { SeenRecord } from "../history.ts";
import { isCompacted } from "../topics.ts";

/** What stands in a partition, and which of the records that do not may be gone. */
export class StandingRecords {
  readonly #records = new Map<number, SeenRecord>();
  /** Of a compacted partition: the offset of the last record of each key. */
  readonly #lasts = new Map<string, number>();

  constructor(partition: string, records: readonly SeenRecord[]) {
    for (const record of records) {
      this.#records.set(record.offset, record);
      if (isCompacted(partition)) this.#lasts.set(record.key, record.offset);
    }
  }

  at(offset: number): SeenRecord | undefined {
    return this.#records.get(offset);
  }

  /** True: it may be gone, as a later one of its key stands. */
  isSuperseded({ key, offset }: SeenRecord): boolean {
    return (this.#lasts.get(key) ?? -1) > offset;
  }
}
