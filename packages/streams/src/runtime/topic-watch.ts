import type { TopicDescription } from "@millrace/cluster";
import type { Timer } from "@millrace/platform";

import { ApplicationError } from "../error/application-error.ts";
import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

/** After an assignment, which may be an old one: a static member is given its predecessor's. */
const firstCheckMs = 1000;
/** A loop without a turn for this long may be waiting for a topic that is gone. */
const stalledMs = 1000;

export interface TopicWatchOptions {
  readonly topics: ApplicationTopics;
  /** Told once, of the `ApplicationError` of a topic that is gone, or another one of its name. */
  readonly onLost: (error: ApplicationError) => void;
}

/**
 * Watches the topics of an application while it runs, every `metadata.max.age.ms` as Kafka does, and soon where the
 * loop stands still. Where an input's partitions have changed, or other topics match a pattern, the group must be laid out anew, and an application
 * whose keys would move away from their state must stop; so must one whose internal topics are gone.
 */
export class TopicWatch {
  readonly #environment: LoopEnvironment;
  readonly #options: TopicWatchOptions;
  #known: ReadonlyMap<string, number> | undefined;
  #nextMs = 0;
  #hasTurned = false;
  /** Until the next look while the loop stands still. */
  #pauseMs = stalledMs;
  #stalledSinceMs = 0;
  #timer: Timer | undefined;
  readonly #closing = new AbortController();
  #underWay: Promise<void> | undefined;

  constructor(environment: LoopEnvironment, options: TopicWatchOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /**
   * Begins, or goes on after a rebalance.
   *
   * @param counts what the assignment was made for: it may be an old one, so they are compared soon; undefined: not
   *   known, so what this member has subscribed to stands for them
   */
  begin(counts: ReadonlyMap<string, number> | undefined): void {
    const { platform, config, patterns } = this.#environment;
    this.#known = counts ?? partitionCounts(patterns.present);
    this.#nextMs = platform.clock.monotonicMs() + Math.min(firstCheckMs, config.metadataAgeMsMax);
    this.#turn();
    this.#timer ??= this.#tickLater();
  }

  /** The loop has had a turn. */
  turned(): void {
    this.#hasTurned = true;
  }

  /** Gives up a look that is under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    await this.#underWay;
  }

  #tickLater(): Timer {
    const { platform, config } = this.#environment;
    return platform.timers.after(Math.min(stalledMs, config.metadataAgeMsMax), () => this.#tick());
  }

  #tick(): void {
    this.#timer = this.#tickLater();
    const nowMs = this.#environment.platform.clock.monotonicMs();
    if (this.#hasTurned) this.#turn();
    const isStalled = nowMs - this.#stalledSinceMs >= this.#pauseMs;
    if (this.#underWay !== undefined || (nowMs < this.#nextMs && !isStalled)) return;
    if (isStalled) this.#pauseMs *= 2;
    this.#underWay = this.#look(this.#closing.signal).finally(() => {
      this.#underWay = undefined;
    });
  }

  #turn(): void {
    this.#hasTurned = false;
    this.#pauseMs = stalledMs;
    this.#stalledSinceMs = this.#environment.platform.clock.monotonicMs();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { assignments, platform, config, patterns } = this.#environment;
    const known = this.#known;
    this.#nextMs = platform.clock.monotonicMs() + config.metadataAgeMsMax;
    try {
      const present = await this.#options.topics.look(signal);
      if (known === undefined || known !== this.#known) return;
      for (const topic of [...known.keys(), ...patterns.present.keys()]) {
        const before = known.get(topic) ?? 0;
        const now = present.get(topic)?.partitionCount ?? (patterns.has(topic) ? 0 : before);
        if (now === before) continue;
        platform.logger.log("info", "streams.partitions-changed", { topic, before, now });
        assignments.askAgain(`the partitions of ${topic} have changed`);
        return;
      }
    } catch (error) {
      if (error instanceof ApplicationError) this.#options.onLost(error);
      // Looked at again with the next one: the loop itself meets a broker that is away.
      else platform.logger.log("info", "streams.partitions-unknown", { cause: error });
    }
  }
}

function partitionCounts(
  topics: ReadonlyMap<string, TopicDescription>,
): ReadonlyMap<string, number> {
  return new Map([...topics].map(([name, { partitionCount }]) => [name, partitionCount]));
}
