import { messageOf } from "@millrace/model";

import { createTopics, type CreationServices } from "./create-topics.ts";
import type { NewTopic } from "../metadata/plan-topic.ts";

/** Failures that are remembered; the oldest goes first. */
const failuresMax = 1000;

/**
 * Topics that streams groups need (Kafka: `AutoTopicCreationManager`): each is made once at a time,
 * and one that cannot be made is not tried again for a while.
 */
export class InternalTopicCreator {
  readonly #services: CreationServices;
  readonly #creating = new Set<string>();
  readonly #failures = new Map<string, { readonly why: string; readonly untilMs: number }>();

  constructor(services: CreationServices) {
    this.#services = services;
  }

  create(topics: readonly NewTopic[], retryAfterMs: number): void {
    const failed = this.failures(topics);
    const wanted = topics.filter(({ name }) => !failed.has(name) && !this.#creating.has(name));
    if (wanted.length === 0) return;
    for (const { name } of wanted) this.#creating.add(name);
    void this.#create(wanted, retryAfterMs);
  }

  failures(topics: readonly NewTopic[]): ReadonlyMap<string, string> {
    const nowMs = this.#services.platform.clock.monotonicMs();
    const found = new Map<string, string>();
    for (const { name } of topics) {
      const failure = this.#failures.get(name);
      if (failure !== undefined && failure.untilMs > nowMs) found.set(name, failure.why);
    }
    return found;
  }

  async #create(topics: readonly NewTopic[], retryAfterMs: number): Promise<void> {
    try {
      const outcomes = await createTopics(this.#services, topics, { validateOnly: false });
      for (const outcome of outcomes)
        if (outcome.kind === "refused") this.#remember(outcome.name, outcome.message, retryAfterMs);
    } catch (error) {
      for (const { name } of topics) this.#remember(name, messageOf(error), retryAfterMs);
    } finally {
      for (const { name } of topics) this.#creating.delete(name);
    }
  }

  #remember(topic: string, why: string, retryAfterMs: number): void {
    const untilMs = this.#services.platform.clock.monotonicMs() + retryAfterMs;
    this.#failures.delete(topic);
    this.#failures.set(topic, { why, untilMs });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= failuresMax) return;
      this.#failures.delete(oldest);
    }
  }
}
