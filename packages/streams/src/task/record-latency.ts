import type { Timestamp } from "@millrace/model";
import type { SampledValues } from "@millrace/platform";

/** The time as of the beginning of the slice: reading a clock for each record would be felt. */
export interface SliceTime {
  readonly monotonicMs: number;
  readonly wallMs: Timestamp;
}

/** How old records are as a node has them (Kafka: `record-e2e-latency`, KIP-613), to within a slice. */
export class RecordLatency {
  readonly #values: SampledValues;
  readonly #time: SliceTime;

  constructor(values: SampledValues, time: SliceTime) {
    this.#values = values;
    this.#time = time;
  }

  note(timestamp: Timestamp): void {
    const { wallMs, monotonicMs } = this.#time;
    this.#values.record(wallMs - timestamp, monotonicMs);
  }
}
