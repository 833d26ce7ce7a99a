import { toMilliseconds, type Duration, type Timestamp, type Windowed } from "@millrace/model";
import type {
  KeyValueStore,
  ReadOnlyVersionedKeyValueStore,
  SessionStore,
  StateStore,
  StoreSpecification,
  TimestampedKeyValueStore,
  TimestampedWindowStore,
} from "@millrace/state";
import { SerdeUses } from "@millrace/serde";
import {
  byName,
  serdeUsesOf,
  type AnyStream,
  type AnyTable,
  type GlobalKTable,
  type GlobalTask,
  type KTable,
  type OpenTap,
  type RecordTap,
  type SerdeState,
  type StreamTask,
  type Subtopology,
  type Topic,
  type Topology,
} from "@millrace/streams";

import { CallEnds } from "./call-ends.ts";
import {
  checkDriver,
  checkSteps,
  checkTime,
  checkTopic,
  invalidArgument,
  type TopologyTestDriverOptions,
} from "./driver-options.ts";
import { DriverTaps } from "./driver-taps.ts";
import { openDriverTasks } from "./driver-tasks.ts";
import { ExplainedRun } from "./explained-run.ts";
import type { ProducedRecord } from "./produced-record.ts";
import { RecordBound } from "./record-bound.ts";
import { TestDriverError, withoutWait } from "./test-driver-error.ts";
import { TestInput, type InputTimes, type TestInputOptions } from "./test-input.ts";
import { TestOutput, type TestOutputOptions } from "./test-output.ts";
import { unwrittenHint } from "./unwritten-hint.ts";
import { TestPipes } from "./test-pipes.ts";
import { TestStores, type StoreHandle } from "./test-stores.ts";
import { VirtualTimers } from "./virtual-timers.ts";
import type { WatchedTask } from "./watched-task.ts";

/**
 * Runs a topology on records that a test pipes in, synchronously, with stores in memory and a clock that stands
 * still (Kafka: `TopologyTestDriver`). The task is the real one; it holds all sub-topologies, and every topic has
 * one partition. After each record it commits, and what it wrote to topics that it reads is piped in again.
 *
 * @example
 * await using driver = new TopologyTestDriver(builder.build());
 * const lines = driver.input("lines", { key: string(), value: string() });
 * const counts = driver.output("counts", { key: string(), value: int64AsNumber() });
 * lines.pipe("a", "to be or not to be");
 * counts.readTable(); // Map { "to" => 2, "be" => 2, "or" => 1, "not" => 1 }
 */
export class TopologyTestDriver {
  readonly subtopology: Subtopology;
  readonly #task: StreamTask;
  readonly #globalTask: GlobalTask;
  readonly #pipes: TestPipes;
  readonly #stores: TestStores;
  readonly #explained = new ExplainedRun();
  readonly #watched: WatchedTask;
  readonly #timers = new VirtualTimers(() => this.#wallMs);
  readonly #callEnds = new CallEnds();
  readonly #deadLetterTopic: string | undefined;
  #wallMs: Timestamp;
  #isDead = false;
  readonly #bound: RecordBound;
  readonly #taps: DriverTaps;
  readonly #serdes = new SerdeUses();

  constructor(topology: Topology, options: TopologyTestDriverOptions = {}) {
    checkDriver(topology, options);
    this.#wallMs = options.startMs ?? 0;
    this.#deadLetterTopic = options.deadLetterTopic;
    this.#bound = new RecordBound(options.recordsPerCallMax ?? 1_000_000);
    this.#taps = new DriverTaps(topology);
    const opened = openDriverTasks(topology, options, {
      bound: this.#bound,
      taps: this.#taps,
      wallMs: () => this.#wallMs,
      timers: this.#timers,
      wake: this.#callEnds.wake,
      explained: this.#explained,
    });
    this.subtopology = opened.subtopology;
    for (const { serde, use } of serdeUsesOf([this.subtopology], topology.globalStores))
      this.#serdes.add(serde, use);
    this.#task = opened.task;
    this.#globalTask = opened.globalTask;
    this.#watched = opened.watched;
    this.#stores = new TestStores({
      taskStores: opened.stores,
      taskSpecifications: opened.subtopology.stores,
      globalTask: opened.globalTask,
      globalSpecifications: topology.globalStores.map(({ specification }) => specification),
    });
    this.#pipes = new TestPipes({ ...opened, taps: this.#taps }, opened.uncommitted);
  }

  /** A topic to write to: by its handle, or by its name with serdes. */
  input<K, V>(topic: Topic<K, V>, options?: InputTimes): TestInput<K, V>;
  input<K, V>(topic: string, options: TestInputOptions<K, V>): TestInput<K, V>;
  input<K, V>(
    topic: string | Topic<K, V>,
    options?: InputTimes | TestInputOptions<K, V>,
  ): TestInput<K, V> {
    const [name, asGiven] = byName<string, TestInputOptions<K, V>>(topic, options);
    const given = checkTopic("input", name, asGiven);
    this.#use(name, given, { reads: false, writes: true });
    return new TestInput(name, given, {
      pipe: (record) => this.pipe({ ...record, topic: name }),
      wallMs: () => this.#wallMs,
    });
  }

  /**
   * A topic to read from, by its handle, or by its name with serdes; each output reads all that was ever written to it.
   */
  output<K, V>(topic: Topic<K, V>): TestOutput<K, V>;
  output<K, V>(topic: string, serdes: TestOutputOptions<K, V>): TestOutput<K, V>;
  output<K, V>(topic: string | Topic<K, V>, serdes?: TestOutputOptions<K, V>): TestOutput<K, V> {
    const [name, asGiven] = byName<string, TestOutputOptions<K, V>>(topic, serdes);
    const given = checkTopic("output", name, asGiven);
    this.#use(name, given, { reads: true, writes: false });
    return new TestOutput(name, given, {
      produced: this.#pipes.recordsOf(name),
      hint: () => (name === this.#deadLetterTopic ? "" : unwrittenHint(name, this.subtopology)),
    });
  }

  /** Writes one record in bytes, and runs all that comes of it. */
  pipe(record: ProducedRecord): void {
    this.#run(`pipe into ${record.topic}, at ${record.timestamp}`, () => this.#pipes.pipe(record));
  }

  /**
   * Moves the wall clock on, and calls the timers that are due by it: each once, however far it moves. Calls that are
   * awaited time out by it, and are made again once their back-off is over: `settle` then waits for those.
   */
  advanceWallClock(duration: Duration): void {
    const stepMs = toMilliseconds(duration, "advanceWallClock");
    this.#run(`the wall clock moves by ${stepMs} ms`, () => {
      this.#wallMs += stepMs;
      this.#timers.run();
      this.#task.punctuate();
      this.#pipes.settle();
    });
  }

  /**
   * Moves stream time on to a time, in ms, and calls the timers that go by it; it never goes back. Windows and joins go by
   * the records that reach them: pipe one of a later time to close those.
   */
  advanceStreamTime(timestamp: Timestamp): void {
    checkTime("driver.advanceStreamTime", timestamp);
    this.#run(`stream time moves to ${timestamp}`, () => {
      this.#task.advanceStreamTime(timestamp);
      this.#pipes.settle();
    });
  }

  /**
   * Waits until no call is under way, and runs all that comes of their results: of `mapValuesAsync` and its kin; and until
   * records are there that could not be read before their serdes had fetched something. The
   * clock stands still meanwhile: a call that hangs ends by `advanceWallClock` over its timeout, or with the signal, and
   * what waits for another attempt goes on waiting.
   *
   * @example
   * orders.pipe("7", order);
   * await driver.settle();
   * scores.readAll();
   */
  async settle(signal?: AbortSignal): Promise<void> {
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw invalidArgument("driver.settle", signal, "an AbortSignal, or nothing");
    for (;;) {
      signal?.throwIfAborted();
      this.#run("calls have ended", () => this.#pipes.drain());
      const isHeld = this.#task.hasHeldInput || this.#globalTask.isHeld;
      if (this.#task.callCount === 0 && !isHeld) return;
      await this.#callEnds.next(signal);
    }
  }

  /**
   * Has serdes fetch what they need beforehand, such as schemas: those of the topology, and those of the inputs and
   * outputs that were made by now. An application does the same when it starts. Serdes that need nothing need no call.
   *
   * @throws what a serde rejects with; the signal's reason, where the serde looks at it
   * @example
   * const orders = driver.input("orders", { key: string(), value: avro(Order, { registry }) });
   * await driver.prepare();
   * orders.pipe("7", order);
   */
  async prepare(signal = new AbortController().signal): Promise<void> {
    if (!(signal instanceof AbortSignal))
      throw invalidArgument("driver.prepare", signal, "an AbortSignal, or nothing");
    const { preparations } = this.#serdes;
    await Promise.all(preparations.map(({ serde, use }) => serde.prepare?.(use, signal)));
  }

  /**
   * What happened, call by call: the records that came in, each operator that they came to, what was written to stores
   * (as far as they have changelogs) and topics, what was left out and why. For the message of a test that fails.
   *
   * @param steps how many of the last calls; default: all that are kept, the last hundred
   * @example expect(totals.readTable(), driver.explain()).toEqual(expected);
   */
  explain(steps = Infinity): string {
    checkSteps(steps);
    return this.#explained.text(steps);
  }

  /**
   * Listens to what a stream or a table passes on, as `StreamsApp.tap`: `fromStream(driver, orders)` of `@millrace/rxjs` gives
   * the Observable that the application would. What a call brings about is committed by its end. The driver waits for no
   * tap that has no room.
   *
   * @throws TopologyError `FOREIGN_STREAM`, `UNKNOWN_PROCESSOR`
   */
  tap(place: AnyStream | AnyTable | string, tap: RecordTap): OpenTap {
    return this.#taps.open(place, tap);
  }

  /**
   * The store of a table, a specification, or a name. Values of a table's store come with their timestamps; global ones
   * can only be read.
   */
  store<K, V>(
    table: KTable<K, V, SerdeState, SerdeState, "versioned">,
  ): ReadOnlyVersionedKeyValueStore<K, V & {}>;
  store<K, V>(
    table: KTable<Windowed<K>, V, SerdeState, SerdeState, "window">,
  ): TimestampedWindowStore<K, V & {}>;
  store<K, V>(
    table: KTable<Windowed<K>, V, SerdeState, SerdeState, "session">,
  ): SessionStore<K, V & {}>;
  store<K, V>(table: KTable<K, V> | GlobalKTable<K, V>): TimestampedKeyValueStore<K, V & {}>;
  store<Store extends StateStore = KeyValueStore<unknown, unknown>>(
    handle: StoreSpecification<Store> | string,
  ): Store;
  store<Store extends StateStore>(handle: StoreHandle<Store>): Store {
    return this.#stores.find(handle);
  }

  /** All stores, in the order in which the topology registered them; global ones last. */
  get stores(): readonly StateStore[] {
    return this.#stores.all;
  }

  get specifications(): readonly StoreSpecification[] {
    return this.#stores.specifications;
  }

  /** Records that were left out so far (`dropped-records-total`). */
  get droppedRecords(): number {
    return this.#task.droppedRecords.value + this.#globalTask.droppedRecords.value;
  }

  /** All that was written since the last call, to whatever topic, in order. */
  takeProduced(): readonly ProducedRecord[] {
    return this.#pipes.take();
  }

  /** Twice is fine. */
  async close(): Promise<void> {
    this.#isDead = true;
    this.#taps.end(undefined);
    try {
      await this.#task.close();
    } finally {
      await this.#globalTask.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #use<K, V>(
    topic: string,
    { key, value }: TestOutputOptions<K, V>,
    use: { readonly reads: boolean; readonly writes: boolean },
  ): void {
    this.#serdes.add(key, { topic, part: "key", ...use });
    this.#serdes.add(value, { topic, part: "value", ...use });
  }

  /** What came in and was not taken would be missed in silence. */
  #noteWaiting(): void {
    if (!this.#task.hasBufferedRecords) return;
    if (this.#task.hasHeldInput) {
      this.#explained.note(
        "a record waits for what its serde must first fetch; await driver.settle(), or driver.prepare() before",
      );
      return;
    }
    this.#explained.note(
      this.#task.isHeldBack
        ? "records wait: an operator has as many calls under way as it may; await driver.settle()"
        : "records wait for those of another topic, as maxTaskIdleMs says; pipe one there, or advanceWallClock",
    );
  }

  #run(title: string, body: () => void): void {
    if (this.#isDead)
      throw new TestDriverError(
        "DRIVER_CLOSED",
        "the driver was closed, or an earlier call failed; make a new one",
      );
    this.#watched.begin(title);
    this.#bound.begin();
    try {
      body();
      this.#noteWaiting();
      if (this.#bound.excess !== undefined) throw this.#bound.excess;
    } catch (thrown) {
      const failure = this.#bound.excess ?? withoutWait(thrown);
      this.#explained.fail(failure);
      // Half of a record is done where its serde waits.
      const isWhole = failure instanceof TestDriverError && failure.code !== "SERDE_PENDING";
      this.#isDead = failure === this.#bound.excess || !isWhole;
      if (this.#isDead) this.#taps.end({ error: failure });
      throw failure;
    }
  }
}
