import type { Clock, LogFields, Logger } from "@millrace/platform";

import type { ErrorPlace } from "../error/streams-error.ts";

const silenceMs = 60_000;

export interface NodeWarningsOptions {
  readonly clock: Clock;
  /** Of the task. */
  readonly logger: Logger;
  /** Default `warn`. */
  readonly level?: "debug" | "info" | "warn";
}

/** What happens in a task again and again: of each node the log has a line a minute, with how often it was. */
export class NodeWarnings {
  readonly #event: string;
  readonly #options: NodeWarningsOptions;
  readonly #byNode = new Map<string, { toldMs: number; untold: number }>();

  /** @param event such as `streams.record-dropped` */
  constructor(event: string, options: NodeWarningsOptions) {
    this.#event = event;
    this.#options = options;
  }

  /** @param details of the one that is told */
  add(reason: string, place: ErrorPlace, details: LogFields = {}): void {
    const { clock, logger, level = "warn" } = this.#options;
    if (!logger.isEnabled(level)) return;
    const nowMs = clock.monotonicMs();
    const node = place.node ?? "";
    const last = this.#byNode.get(node) ?? { toldMs: -Infinity, untold: 0 };
    this.#byNode.set(node, last);
    last.untold += 1;
    if (nowMs - last.toldMs < silenceMs) return;
    const count = last.untold;
    last.toldMs = nowMs;
    last.untold = 0;
    logger.log(level, this.#event, { ...place, ...details, reason, count });
  }
}
