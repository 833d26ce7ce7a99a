import type { Counter, MetricTags } from "@millrace/platform";
import { OwnedGauges, TimedWork, timedNames } from "@millrace/platform";
import type { TopicPartition } from "@millrace/model";
import { topicPartitionName } from "@millrace/model";

import type { ProducedCounters } from "../task/cluster-record-collector.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

/** What a loop tells of its work, under the names that Kafka has for a thread's, with the tag `thread-id`. */
export class LoopMetrics {
  /** Waiting for records; counts polls. */
  readonly poll: TimedWork;
  /** Counts records. */
  readonly process: TimedWork;
  readonly punctuate: TimedWork;
  /** From a commit's begin to its end, of which most may lie beside the processing. */
  readonly commit: TimedWork;
  readonly tasksCreated: Counter;
  readonly tasksClosed: Counter;
  readonly #environment: LoopEnvironment;
  readonly #tags: MetricTags;
  readonly #gauges: OwnedGauges;
  readonly #consumed = new Map<string, { readonly records: Counter; readonly bytes: Counter }>();
  readonly #lags = new Map<string, () => void>();

  constructor(environment: LoopEnvironment) {
    const { platform, config } = environment;
    const { clock, metrics } = platform;
    const tags = { "thread-id": config.threadId };
    this.#environment = environment;
    this.#tags = tags;
    this.#gauges = new OwnedGauges(metrics);
    const timed = (name: string): TimedWork =>
      new TimedWork({ clock, metrics: this.#gauges, names: timedNames(name), tags });
    this.poll = timed("poll");
    this.process = timed("process");
    this.punctuate = timed("punctuate");
    this.commit = timed("commit");
    this.tasksCreated = metrics.counter("task-created-total", tags);
    this.tasksClosed = metrics.counter("task-closed-total", tags);
  }

  /** A batch of a topic has come for a task. */
  consumed(topic: string, records: number, bytes: number): void {
    let counters = this.#consumed.get(topic);
    if (counters === undefined) {
      const { metrics } = this.#environment.platform;
      const tags = { ...this.#tags, "topic-name": topic };
      counters = {
        records: metrics.counter("records-consumed-total", tags),
        bytes: metrics.counter("bytes-consumed-total", tags),
      };
      this.#consumed.set(topic, counters);
    }
    counters.records.add(records);
    counters.bytes.add(bytes);
  }

  /** For what sinks write to a topic. */
  producedTo(topic: string): ProducedCounters {
    const { metrics } = this.#environment.platform;
    const tags = { ...this.#tags, "topic-name": topic };
    return {
      records: metrics.counter("records-produced-total", tags),
      bytes: metrics.counter("bytes-produced-total", tags),
    };
  }

  /** Tells the lag of an input from now on: what the cluster has, as far as a fetch told, and was not processed. */
  watchLag(input: TopicPartition, buffered: () => number): void {
    const { reader } = this.#environment;
    const { topic, partition } = input;
    const read = (): number => {
      const end = reader.endOffset(input);
      const position = reader.position(input);
      if (end === undefined || position === undefined) return NaN;
      return Math.max(0, end - position) + buffered();
    };
    const tags = { ...this.#tags, topic, partition: String(partition) };
    const name = topicPartitionName(topic, partition);
    this.#lags.get(name)?.();
    this.#lags.set(name, this.#gauges.gauge("records-lag", read, tags));
  }

  forgetLag({ topic, partition }: TopicPartition): void {
    const name = topicPartitionName(topic, partition);
    this.#lags.get(name)?.();
    this.#lags.delete(name);
  }

  close(): void {
    this.#gauges.remove();
  }
}
