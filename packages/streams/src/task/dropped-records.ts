import type { Clock, Counter, Logger } from "@millrace/platform";

import type { ErrorPlace } from "../error/streams-error.ts";

const silenceMs = 60_000;

export interface DroppedRecordsOptions {
  readonly counter: Counter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly taskName: string;
  /** Told each time. */
  readonly onDrop: ((reason: string, place: ErrorPlace) => void) | undefined;
}

/** Records that are left out on purpose: each is counted; of those of one node the log has a line a minute. */
export class DroppedRecords {
  readonly counter: Counter;
  readonly #options: DroppedRecordsOptions;
  readonly #byNode = new Map<string, { toldMs: number; untold: number }>();

  constructor(options: DroppedRecordsOptions) {
    this.counter = options.counter;
    this.#options = options;
  }

  add(reason: string, place: ErrorPlace): void {
    const { clock, logger, taskName, onDrop } = this.#options;
    this.counter.add(1);
    onDrop?.(reason, place);
    if (!logger.isEnabled("warn")) return;
    const nowMs = clock.monotonicMs();
    const node = place.node ?? "";
    const last = this.#byNode.get(node) ?? { toldMs: -Infinity, untold: 0 };
    this.#byNode.set(node, last);
    last.untold += 1;
    if (nowMs - last.toldMs < silenceMs) return;
    const count = last.untold;
    last.toldMs = nowMs;
    last.untold = 0;
    logger.log("warn", "streams.record-dropped", { ...place, task: taskName, reason, count });
  }
}
