import type { OffsetAndMetadata } from "@millrace/cluster";

import type { LoopEnvironment } from "./loop-environment.ts";

/** Kafka: `repartition.purge.interval.ms`. */
const purgeIntervalMs = 30_000;

/**
 * Deletes records of repartition topics once they were processed and committed, every half minute. A purge that
 * fails is tried again with the next one: nothing depends on it but disk space.
 */
export class RepartitionPurge {
  readonly #environment: LoopEnvironment;
  readonly #topics: ReadonlySet<string>;
  readonly #processed = new Map<string, OffsetAndMetadata>();
  #nextMs: number;
  readonly #closing = new AbortController();
  #underWay: Promise<void> | undefined;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    this.#topics = new Set(
      environment.subtopologies.flatMap(({ repartitionTopics }) =>
        repartitionTopics.map(({ name }) => name),
      ),
    );
    this.#nextMs = environment.platform.clock.monotonicMs() + purgeIntervalMs;
  }

  /** Call it after each commit. Does not wait. */
  afterCommit(offsets: readonly OffsetAndMetadata[]): void {
    if (this.#topics.size === 0) return;
    for (const offset of offsets) {
      if (!this.#topics.has(offset.topic)) continue;
      this.#processed.set(`${offset.topic}-${offset.partition}`, offset);
    }
    const { clock } = this.#environment.platform;
    if (
      this.#underWay !== undefined ||
      this.#processed.size === 0 ||
      clock.monotonicMs() < this.#nextMs
    )
      return;
    this.#nextMs = clock.monotonicMs() + purgeIntervalMs;
    this.#underWay = this.#purge().finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Gives up a purge that is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#underWay;
  }

  async #purge(): Promise<void> {
    const offsets = [...this.#processed.values()];
    this.#processed.clear();
    try {
      await this.#environment.cluster.admin.deleteRecords(offsets, this.#closing.signal);
    } catch (error) {
      this.#environment.platform.logger.log("info", "streams.repartition-purge-failed", {
        cause: error,
      });
    }
  }
}
