import { OffsetOutOfRangeError, PartitionError } from "@millrace/cluster";
import { topicPartitionName, type RecordBatchView, type TopicPartition } from "@millrace/model";

import type { ApplicationTopics } from "./application-topics.ts";
import type { LoopEnvironment } from "./loop-environment.ts";
import type { LoopMetrics } from "./loop-metrics.ts";
import { OffsetResets } from "./offset-resets.ts";
import type { ActiveTask } from "./active-task.ts";

/** What the tasks of a loop read: batches go to their tasks, and a partition whose queue is full is held back. */
export class TaskInputs {
  readonly #environment: LoopEnvironment;
  readonly #topics: ApplicationTopics;
  readonly #resets: OffsetResets;
  readonly #metrics: LoopMetrics;
  readonly #byInput = new Map<string, ActiveTask>();
  readonly #paused = new Map<string, TopicPartition>();

  constructor(
    environment: LoopEnvironment,
    { topics, metrics }: { readonly topics: ApplicationTopics; readonly metrics: LoopMetrics },
  ) {
    this.#metrics = metrics;
    this.#environment = environment;
    this.#topics = topics;
    this.#resets = new OffsetResets(environment);
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#byInput.keys());
  }

  add(tasks: readonly ActiveTask[]): void {
    for (const open of tasks)
      for (const input of open.inputs) {
        this.#byInput.set(nameOf(input), open);
        this.#metrics.watchLag(input, () => open.task.bufferedRecords(input.topic));
      }
  }

  remove(tasks: readonly ActiveTask[]): void {
    const inputs = tasks.flatMap((open) => open.inputs);
    this.#environment.reader.unassign(inputs);
    for (const input of inputs) {
      this.#byInput.delete(nameOf(input));
      this.#paused.delete(nameOf(input));
      this.#metrics.forgetLag(input);
    }
  }

  /** Gives tasks what has come for them; waits for it until the signal to wake aborts, or the time is over. */
  async take(
    waitMsMax: number,
    { wake, signal }: { readonly wake: AbortSignal; readonly signal: AbortSignal },
  ): Promise<void> {
    const { reader } = this.#environment;
    try {
      for (const batch of await reader.poll({ signal: wake, waitMsMax })) this.#route(batch);
    } catch (error) {
      if (!(error instanceof PartitionError)) throw error;
      await this.#mend(error, signal);
    }
    for (const open of new Set(this.#byInput.values())) this.#pauseFull(open);
  }

  resumeDrained(): void {
    for (const [name, input] of this.#paused) {
      const owner = this.#byInput.get(name);
      if (owner !== undefined && owner.task.isFull(input.topic)) continue;
      this.#paused.delete(name);
      this.#environment.reader.resume(input);
    }
  }

  /** True: there are inputs, and all that the cluster has of them was read and processed. */
  isDrained(tasks: readonly ActiveTask[]): boolean {
    const { reader } = this.#environment;
    const isAtEnd = (input: TopicPartition): boolean =>
      (reader.position(input) ?? -1) >= (reader.endOffset(input) ?? Infinity);
    return (
      tasks.length > 0 &&
      tasks.every(({ task, inputs }) => !task.hasBufferedRecords && inputs.every(isAtEnd))
    );
  }

  #route(batch: RecordBatchView): void {
    const owner = this.#byInput.get(topicPartitionName(batch.topic, batch.partition));
    if (owner === undefined) return batch.release();
    this.#metrics.consumed(batch.topic, batch.remaining, batch.sizeBytes);
    owner.task.addBatch(batch);
  }

  #pauseFull({ task, inputs }: ActiveTask): void {
    for (const input of inputs) {
      const name = nameOf(input);
      if (this.#paused.has(name) || !task.isFull(input.topic)) continue;
      this.#paused.set(name, input);
      this.#environment.reader.pause(input);
    }
  }

  /** Sends the reader to where the reset policy says; what else keeps an input from being read ends the application. */
  async #mend(error: PartitionError, signal: AbortSignal): Promise<void> {
    const { reader, assignments, patterns } = this.#environment;
    if (error.code === "TOPIC_NOT_FOUND" && patterns.has(error.topic)) {
      reader.unassign([error]);
      assignments.askAgain(`topic ${error.topic}, which a pattern has matched, is gone`);
      return;
    }
    if (!(error instanceof OffsetOutOfRangeError)) throw this.#topics.readFailure(error);
    const start = await this.#resets.afterOutOfRange(error, signal);
    reader.assign([start]);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
