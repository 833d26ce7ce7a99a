import { ClusterError } from "@millrace/cluster";
import { shown } from "@millrace/model";
import type { Clock } from "@millrace/platform";

/** How long a topic that nobody uses stays in the refreshes (Kafka: `metadata.max.idle.ms`). */
const idleMsMax = 5 * 60_000;

/** The topics that refreshes ask for, each until it has been idle for some time. */
export class TopicsInUse {
  readonly #clock: Clock;
  readonly #usedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get names(): Iterable<string> {
    return this.#usedMs.keys();
  }

  /** @throws ClusterError `INVALID_TOPIC` of what is no text */
  use(topics: Iterable<string>): void {
    const names = [...topics];
    const strange = names.findIndex((topic) => typeof topic !== "string");
    if (strange >= 0)
      throw new ClusterError(
        "INVALID_TOPIC",
        `a topic's name is a text; it was given ${shown(names[strange])}`,
      );
    const nowMs = this.#clock.monotonicMs();
    for (const topic of names) this.#usedMs.set(topic, nowMs);
  }

  /** Takes out those that are idle. */
  takeIdle(): readonly string[] {
    const lastMs = this.#clock.monotonicMs() - idleMsMax;
    const idle = [...this.#usedMs].filter(([, usedMs]) => usedMs <= lastMs).map(([name]) => name);
    for (const name of idle) this.#usedMs.delete(name);
    return idle;
  }
}
