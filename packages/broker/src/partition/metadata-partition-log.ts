import { LogStorageError } from "@millrace/log";
import { noHeaders } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import type { CoordinatorLogVisitor } from "../coordinator/coordinator-log.ts";
import type { MetadataLog } from "../metadata/metadata-store.ts";
import type { Partition } from "./partition.ts";
import { replayLog } from "./replay-log.ts";

/** `__cluster_metadata` on a partition that is open. */
export class MetadataPartitionLog implements MetadataLog {
  readonly #partition: Partition;
  readonly #clock: Clock;

  constructor(partition: Partition, clock: Clock) {
    this.#partition = partition;
    this.#clock = clock;
  }

  append(values: readonly Uint8Array[]): Promise<number> {
    const builder = new RecordBatchBuilder({ capacityBytes: 1024 });
    const nowMs = this.#clock.wallMs();
    for (const value of values) builder.append(nowMs, null, value, noHeaders);
    return new Promise((resolve, reject) => {
      const appended = this.#partition.append(builder.build(), { origin: "coordinator" });
      this.#partition.whenDurable(appended.lastOffset + 1, (failure) => {
        if (failure === undefined) resolve(appended.baseOffset);
        else if (failure instanceof LogStorageError) reject(failure);
        else reject(new LogStorageError("LOG_FAILED", "the metadata log failed", failure));
      });
    });
  }

  replay(from: number, visit: (offset: number, value: Uint8Array) => void): void {
    const visitor: CoordinatorLogVisitor = {
      record: (offset, { value }) => {
        if (value !== null) visit(offset, value);
      },
      marker: () => {},
    };
    // What lies below the log start is in the snapshot that is begun with.
    replayLog(this.#partition, visitor, from === 0 ? "first" : "log start");
  }
}
