import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { ClientContext } from "../client-context.ts";
import { topicNotFound } from "../metadata/cluster-metadata.ts";

/** How often topics that are not there are spoken of. */
const reminderMs = 60_000;

/**
 * Knows which of a consumer's topics are there. Those that are not are waited for, and the log says so: at once,
 * and again from time to time.
 */
export class TopicWatch {
  readonly #context: ClientContext;
  readonly #topics: readonly string[];
  readonly #unlisten: () => void;
  #saidMissing = "";
  #saidMs = -Infinity;

  /** @param onChange called whenever the cluster told about its topics */
  constructor(context: ClientContext, topics: readonly string[], onChange: () => void) {
    this.#context = context;
    this.#topics = [...new Set(topics)];
    this.#unlisten = context.metadata.onChange(() => {
      if (this.#saidMs > -Infinity) {
        context.metadata.track(this.#topics);
        this.#sayMissing();
      }
      onChange();
    });
  }

  /** Asks for the topics, and keeps them in all questions from now on, until it is closed. */
  async look(signal: AbortSignal): Promise<void> {
    const { metadata } = this.#context;
    metadata.track(this.#topics);
    await this.#context.retry("metadata", { signal }, () => metadata.refresh());
    for (const topic of this.#topics) {
      const error = metadata.topicError(topic);
      if (error !== undefined && !error.retriable) throw topicNotFound(topic, error);
    }
    this.#sayMissing();
  }

  /** Partitions that are there, and not among those that are known. */
  beyond(known: readonly TopicPartition[]): readonly TopicPartition[] {
    const names = new Set(
      known.map(({ topic, partition }) => topicPartitionName(topic, partition)),
    );
    return this.#topics.flatMap((topic) => {
      const partitions = this.#context.metadata.topic(topic)?.partitions ?? [];
      return partitions.flatMap((_, partition) =>
        names.has(topicPartitionName(topic, partition)) ? [] : [{ topic, partition }],
      );
    });
  }

  close(): void {
    this.#unlisten();
  }

  #sayMissing(): void {
    const { metadata, platform } = this.#context;
    const missing = this.#topics.filter((name) => metadata.topic(name) === undefined).join(", ");
    const nowMs = platform.clock.monotonicMs();
    if (missing === this.#saidMissing && nowMs - this.#saidMs < reminderMs) return;
    this.#saidMissing = missing;
    this.#saidMs = nowMs;
    if (missing === "") return;
    platform.logger.log("warn", "client.topics-missing", {
      topics: missing,
      advice: "the consumer waits for them: create them, or correct their names",
    });
  }
}
