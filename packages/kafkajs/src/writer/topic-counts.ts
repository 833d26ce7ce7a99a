import { ClusterError, type ClusterAdmin } from "@millrace/cluster";
import type { Timer } from "@millrace/platform";

import type { KafkajsContext } from "../kafkajs-context.ts";

/** The partition counts of the topics that a writer has prepared, looked at again now and then. */
export class TopicCounts {
  readonly #context: KafkajsContext;
  readonly #admin: ClusterAdmin;
  readonly #counts = new Map<string, number>();
  readonly #prepared = new Set<string>();
  readonly #closing = new AbortController();
  #isOfAll = false;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(context: KafkajsContext, admin: ClusterAdmin) {
    this.#context = context;
    this.#admin = admin;
  }

  get(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  /** @throws ClusterError `TOPIC_NOT_FOUND` */
  async prepare(topics: readonly string[] | "all", signal: AbortSignal | undefined): Promise<void> {
    if (topics === "all") this.#isOfAll = true;
    await this.#look(topics, signal);
    if (topics !== "all") {
      for (const topic of topics) if (!this.#counts.has(topic)) throw notFound(topic);
      for (const topic of topics) this.#prepared.add(topic);
    }
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    await this.#looking;
  }

  async #look(topics: readonly string[] | "all", signal: AbortSignal | undefined): Promise<void> {
    const found =
      topics === "all"
        ? await this.#admin.listTopics(signal)
        : (await this.#admin.describeTopics(topics, signal)).values();
    for (const { name, partitionCount } of found) this.#counts.set(name, partitionCount);
  }

  #schedule(): void {
    if (this.#closing.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#context.platform.timers.after(this.#context.metadataMaxAgeMs, () => {
      this.#looking = this.#lookAgain();
    });
  }

  /** What is not known anew is known as it was. */
  async #lookAgain(): Promise<void> {
    const topics = this.#isOfAll ? "all" : [...this.#prepared];
    try {
      await this.#look(topics, this.#closing.signal);
    } catch (error) {
      this.#context.kafka.logger().debug(`[Millrace] no metadata: ${String(error)}`);
    }
    this.#schedule();
  }
}

function notFound(topic: string): ClusterError {
  return new ClusterError("TOPIC_NOT_FOUND", `there is no topic ${topic}; create it first`);
}
