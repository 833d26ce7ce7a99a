import type { LoopEnvironment } from "./loop-environment.ts";

/** After an assignment, which may be an old one: a static member is given its predecessor's. */
const firstCheckMs = 1000;

/**
 * Watches the partition counts of the inputs, every `metadata.max.age.ms` as Kafka does: where one has changed, the
 * group must be laid out anew, and an application whose keys would move away from their state must stop.
 */
export class SourceWatch {
  readonly #environment: LoopEnvironment;
  readonly #topics: readonly string[];
  #known: ReadonlyMap<string, number> | undefined;
  #nextMs = 0;
  readonly #closing = new AbortController();
  #underWay: Promise<void> | undefined;

  constructor(environment: LoopEnvironment) {
    this.#environment = environment;
    const internal = environment.subtopologies.flatMap(({ repartitionTopics }) =>
      repartitionTopics.map(({ name }) => name),
    );
    this.#topics = environment.subtopologies
      .flatMap(({ sourceTopics }) => sourceTopics)
      .filter((topic) => !internal.includes(topic));
  }

  /** Takes the counts that the assignment was made for, and has them compared soon: it may be an old one. */
  begin(counts: ReadonlyMap<string, number>): void {
    const { platform, config } = this.#environment;
    this.#known = counts;
    this.#nextMs = platform.clock.monotonicMs() + Math.min(firstCheckMs, config.metadataAgeMsMax);
  }

  /** Looks if it is time, in the background. */
  check(): void {
    const { clock } = this.#environment.platform;
    if (this.#underWay !== undefined || clock.monotonicMs() < this.#nextMs) return;
    this.#underWay = this.#look(this.#closing.signal).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Gives up a look that is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#underWay;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { membership, platform } = this.#environment;
    const known = this.#known;
    this.#schedule();
    try {
      const counts = await this.#counts(signal);
      if (known === undefined || known !== this.#known) return;
      const changed = this.#topics.find(
        (topic) => known.has(topic) && counts.get(topic) !== known.get(topic),
      );
      if (changed === undefined) return;
      platform.logger.log("info", "streams.partitions-changed", {
        topic: changed,
        before: known.get(changed),
        now: counts.get(changed),
      });
      membership.requestRejoin(`the partitions of ${changed} have changed`);
    } catch (error) {
      // Looked at again with the next one: the loop itself meets a broker that is away.
      platform.logger.log("info", "streams.partitions-unknown", { cause: error });
    }
  }

  async #counts(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const topics = await this.#environment.cluster.admin.describeTopics(this.#topics, signal);
    return new Map([...topics].map(([name, { partitionCount }]) => [name, partitionCount]));
  }

  #schedule(): void {
    const { platform, config } = this.#environment;
    this.#nextMs = platform.clock.monotonicMs() + config.metadataAgeMsMax;
  }
}
