import type { GlobalTask, StreamTask, Subtopology } from "@millrace/streams";
import type { TaskStores } from "@millrace/state";

import type { DriverTaps } from "./driver-taps.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { SingleRecordBatch } from "./single-record-batch.ts";
import { TestDriverError } from "./test-driver-error.ts";

export interface TestPipesParts {
  readonly subtopology: Subtopology;
  readonly task: StreamTask;
  readonly stores: TaskStores;
  readonly globalTask: GlobalTask;
  readonly globalTopics: ReadonlySet<string>;
  readonly taps: DriverTaps;
}

/**
 * The topics of a driver: what comes in is run through the task, which commits after each record; what it wrote to topics
 * that are read comes in again.
 */
export class TestPipes {
  readonly #parts: TestPipesParts;
  readonly #offsets = new Map<string, number>();
  readonly #byTopic = new Map<string, ProducedRecord[]>();
  readonly #uncommitted: ProducedRecord[];
  #taken: ProducedRecord[] = [];

  /** @param uncommitted to which the task's collector adds what is written */
  constructor(parts: TestPipesParts, uncommitted: ProducedRecord[]) {
    this.#parts = parts;
    this.#uncommitted = uncommitted;
  }

  /** All that was ever written to a topic, as it grows. */
  recordsOf(topic: string): readonly ProducedRecord[] {
    return this.#listOf(topic);
  }

  /** All that was written since the last call, to whatever topic, in order. */
  take(): readonly ProducedRecord[] {
    const taken = [...this.#taken, ...this.#uncommitted];
    this.#taken = [];
    return taken;
  }

  pipe(record: ProducedRecord): void {
    this.#enqueue(record);
    this.drain();
  }

  /** Commits what was done outside of a record, by a timer or for a result, and runs what comes of it. */
  settle(): void {
    this.#commit();
    this.drain();
  }

  /** Runs all that waits. */
  drain(): void {
    this.#collect();
    if (this.#parts.globalTask.isHeld) this.#followGlobally();
    while (this.#parts.task.process(1) > 0) {
      this.#commit();
      this.#collect();
    }
  }

  #commit(): void {
    const { task, stores, taps } = this.#parts;
    task.flush();
    stores.commit(new Map());
    task.markCommitted();
    taps.committed();
  }

  /** What was written to topics that are read here is piped in again, in the order of writing. */
  #collect(): void {
    const produced = this.#uncommitted.splice(0);
    for (const record of produced) {
      this.#taken.push(record);
      this.#listOf(record.topic).push(record);
    }
    for (const record of produced) if (this.#isRead(record.topic)) this.#enqueue(record);
  }

  #enqueue(record: ProducedRecord): void {
    const { topic } = record;
    const { subtopology, globalTopics, task } = this.#parts;
    if (!this.#isRead(topic))
      throw new TestDriverError(
        "UNKNOWN_INPUT_TOPIC",
        `no source of the topology reads topic ${topic}; it reads ${[...subtopology.sourceTopics, ...globalTopics].join(", ")}`,
      );
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const batch = new SingleRecordBatch({ ...record, offset });
    if (globalTopics.has(topic)) this.#applyGlobally(batch);
    else task.addBatch(batch);
  }

  /** What a global store is made of is in it before anything else happens. */
  #applyGlobally(batch: SingleRecordBatch): void {
    this.#parts.globalTask.addBatch(batch);
    this.#followGlobally();
  }

  #followGlobally(): void {
    const { globalTask } = this.#parts;
    globalTask.process();
    globalTask.commit();
  }

  #isRead(topic: string): boolean {
    const { globalTopics, subtopology } = this.#parts;
    return (
      globalTopics.has(topic) ||
      subtopology.sourceTopics.includes(topic) ||
      subtopology.sourcePatterns.some(({ source, flags }) =>
        new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, "")).test(topic),
      )
    );
  }

  #listOf(topic: string): ProducedRecord[] {
    let records = this.#byTopic.get(topic);
    if (records === undefined) {
      records = [];
      this.#byTopic.set(topic, records);
    }
    return records;
  }
}
