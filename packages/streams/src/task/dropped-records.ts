import type { Counter, SampledValues } from "@millrace/platform";

import type { ErrorPlace } from "../error/streams-error.ts";
import type { DropLevel } from "../processor/processor.ts";
import { NodeWarnings, type NodeWarningsOptions } from "./node-warnings.ts";

export interface DroppedRecordsOptions extends NodeWarningsOptions {
  readonly counter: Counter;
  /** Told each time. */
  readonly onDrop: ((reason: string, place: ErrorPlace) => void) | undefined;
}

/** Records that are left out on purpose: each is counted; of those of one node the log has a line a minute. */
export class DroppedRecords {
  readonly counter: Counter;
  /** Counts them for a rate; undefined: nobody asks for one. */
  sampled: SampledValues | undefined = undefined;
  readonly #onDrop: DroppedRecordsOptions["onDrop"];
  /** By how bad it is. */
  readonly #told: Readonly<Record<DropLevel, NodeWarnings>>;

  constructor(options: DroppedRecordsOptions) {
    this.counter = options.counter;
    this.#onDrop = options.onDrop;
    const event = "streams.record-dropped";
    this.#told = {
      warn: new NodeWarnings(event, options),
      info: new NodeWarnings(event, { ...options, level: "info" }),
      debug: new NodeWarnings(event, { ...options, level: "debug" }),
    };
  }

  add(reason: string, place: ErrorPlace, level: DropLevel = "warn"): void {
    this.counter.add(1);
    this.sampled?.record(1);
    this.#onDrop?.(reason, place);
    this.#told[level].add(reason, place);
  }
}
