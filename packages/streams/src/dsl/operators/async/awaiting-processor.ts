import { equalBytes, noHeaders, type Headers } from "@millrace/model";
import {
  forgetPending,
  keyPlace,
  SerdePendingError,
  valuePlace,
  type Serde,
} from "@millrace/serde";
import type { KeyValueStore, StoreSpecification } from "@millrace/state";

import { isProgramMistake } from "../../../error/program-mistake.ts";
import { errorPlace } from "../../../processor/error-place.ts";
import { StreamsError } from "../../../error/streams-error.ts";
import {
  asyncWorkOf,
  type AsyncWork,
  type AwaitingOperator,
  type CallResult,
} from "../../../processor/async-work.ts";
import { requireValue } from "../../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import { StreamRecord } from "../../../processor/stream-record.ts";
import { unknownInput } from "../../../processor/unknown-input.ts";
import { changelogName } from "../../../topology/subtopology.ts";
import type { NodeSerdeUse } from "../../../topology/topology-node.ts";
import type { CallSettings } from "./call-settings.ts";
import type { AsyncContext, Call } from "./call.ts";
import { Calls } from "./calls.ts";
import { onceReady } from "./once-ready.ts";
import { keptInput, type WaitingRecord } from "./waiting-record.ts";

export type WaitingStore = KeyValueStore<number, WaitingRecord>;

export interface AwaitingProcessorParts {
  /** Such as `mapValuesAsync`. */
  readonly operator: string;
  readonly keySerde: Serde<unknown>;
  /** Of what comes in. */
  readonly inputSerde: Serde<unknown>;
  readonly settings: CallSettings;
  readonly isSerial: boolean;
  readonly store: StoreSpecification<WaitingStore>;
  readonly callback: (value: unknown, key: unknown, context: AsyncContext) => unknown;
  /** What is forwarded for a result. */
  readonly valuesOf: (result: unknown) => Iterable<unknown>;
}

/** What serdes do for the records that are held. */
export function waitingSerdeUses(parts: AwaitingProcessorParts): readonly NodeSerdeUse[] {
  const topic = changelogName(parts.store.name);
  return [
    { serde: parts.keySerde, part: "key", topic },
    { serde: parts.inputSerde, part: "value", topic },
  ];
}

/**
 * Awaits without stopping its task: a record that comes is held, its call is begun, and once the result is there, and its
 * turn, the task delivers it between two records.
 *
 * ASYNC-1: a record is held, by memory or by the store, until its result was forwarded. What is held at a commit is
 * written with it, and called for again by whoever opens the task next; what came and went in between is written nowhere.
 */
export class AwaitingProcessor implements Processor, AwaitingOperator {
  readonly #parts: AwaitingProcessorParts;
  #opened: Opened | undefined;
  /** Held in memory alone. */
  readonly #unsaved = new Set<Call>();
  /** Sequences of what was saved, and is delivered. */
  #delivered: number[] = [];
  #nextSequence = 0;

  constructor(parts: AwaitingProcessorParts) {
    this.#parts = parts;
  }

  init(context: ProcessorContext): void {
    const { operator, settings, isSerial, store: specification } = this.#parts;
    const work = asyncWorkOf(context.taskScope);
    if (settings.onGiveUp === "deadLetter" && !work.hasDeadLetterTopic)
      throw new StreamsError(
        "NO_DEAD_LETTER_TOPIC",
        `${operator} sends what it gives up to dead letters, and the application has no topic for them; give it the option deadLetterTopic`,
        errorPlace(context),
      );
    const node = context.nodeName;
    const calls = new Calls({
      operator,
      node,
      settings,
      isSerial,
      work,
      invoke: (record, attempt) => this.#invoke(record, attempt),
    });
    const store = context.store(specification);
    const serdeTopic = `${context.applicationId}-${changelogName(specification.name)}`;
    this.#opened = { context, work, calls, store, serdeTopic };
    work.register(this);
    using waiting = store.all();
    for (const { key: sequence, value: record } of waiting) {
      calls.add(sequence, record);
      this.#nextSequence = sequence + 1;
    }
  }

  process(record: StreamRecord): void {
    const { context, calls, work, serdeTopic } = this.#open();
    const { keySerde, inputSerde } = this.#parts;
    const isKnown = work.input !== unknownInput;
    const { topic, partition, offset } = (isKnown ? context.recordMetadata : undefined) ?? nowhere;
    const source = isKnown ? work.input?.kept() : undefined;
    const read = {
      key: record.keyBytesAsRead(keySerde),
      value: record.valueBytesAsRead(inputSerde),
    };
    const key = heldBytes(read.key ?? record.keyBytes(keySerde, serdeTopic, keyPlace), {
      view: read.key,
      source: source?.key,
    });
    const value = heldBytes(read.value ?? record.valueBytes(inputSerde, serdeTopic, valuePlace), {
      view: read.value,
      source: source?.value,
    });
    const hasSource = topic !== null || !work.hasDeadLetterTopic;
    const call = calls.add(this.#nextSequence++, {
      topic,
      partition,
      offset,
      timestamp: record.timestamp,
      headers: copyOf(record.headers),
      key,
      value,
      // Of what a timer has made, or nobody knows the source of, there is no more than this.
      input: hasSource ? source : keptInput(key, value),
    });
    this.#unsaved.add(call);
  }

  get isFull(): boolean {
    return this.#open().calls.isFull;
  }

  get hasResults(): boolean {
    return this.#open().calls.hasReady;
  }

  get calls(): AwaitingOperator["calls"] {
    return this.#open().calls;
  }

  takeResult(): CallResult | undefined {
    const { calls, context } = this.#open();
    const call = calls.takeReady();
    if (call === undefined) return undefined;
    return {
      node: context.nodeName,
      record: call.record,
      deliver: () => {
        if (!this.#unsaved.delete(call)) this.#delivered.push(call.sequence);
        this.#deliver(call);
      },
    };
  }

  save(): void {
    const { store } = this.#open();
    for (const sequence of this.#delivered) store.put(sequence, null);
    for (const { sequence, record } of this.#unsaved) store.put(sequence, record);
    this.#delivered = [];
    this.#unsaved.clear();
  }

  close(): void {
    this.#opened?.calls.close(
      new StreamsError(
        "TASK_CLOSED",
        "the task was closed; whoever opens it next calls again",
        errorPlace(this.#opened.context),
      ),
    );
  }

  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw new StreamsError("NOT_CONNECTED", "a processor has no task before init");
  }

  #invoke(waiting: WaitingRecord, attempt: AsyncContext): unknown {
    try {
      return this.#call(waiting, attempt);
    } catch (thrown) {
      if (!(thrown instanceof SerdePendingError)) throw thrown;
      forgetPending();
      return onceReady(thrown, () => this.#call(waiting, attempt), this.#open().work);
    }
  }

  #call(waiting: WaitingRecord, attempt: AsyncContext): unknown {
    // A copy of its own for each attempt, whatever was done to the one before.
    const record = this.#recordOf(waiting);
    return this.#parts.callback(record.value, record.key, attempt);
  }

  #recordOf(waiting: WaitingRecord): StreamRecord {
    const { keySerde, inputSerde } = this.#parts;
    const record = StreamRecord.ofBytes({
      topic: this.#open().serdeTopic,
      key: waiting.key,
      value: waiting.value,
      timestamp: waiting.timestamp,
      // The record's are not of these bytes.
      headers: noHeaders,
      keySerde,
      valueSerde: inputSerde,
    });
    return waiting.headers === noHeaders ? record : record.withHeaders(waiting.headers);
  }

  #deliver({ record, outcome }: Call): void {
    if (outcome === undefined) return;
    if (outcome.kind === "error") this.#giveUp(record, outcome.error);
    else this.#forward(record, this.#parts.valuesOf(outcome.value));
  }

  #forward(waiting: WaitingRecord, values: Iterable<unknown>): void {
    const { context } = this.#open();
    const record = this.#recordOf(waiting);
    for (const value of values) context.forward(record.withValue(value));
  }

  #giveUp(waiting: WaitingRecord, error: unknown): void {
    const { context, work } = this.#open();
    const { operator, settings } = this.#parts;
    const { onGiveUp } = settings;
    if (onGiveUp === "fail" || isProgramMistake(error)) throw error;
    if (typeof onGiveUp === "object") {
      const { value, key } = this.#recordOf(waiting);
      const given = onGiveUp.value(error, value, key);
      this.#forward(waiting, [requireValue(given, `onGiveUp of ${operator}`)]);
      return;
    }
    if (onGiveUp === "deadLetter") work.sendDeadLetter(context.nodeName, error);
    work.onGivenUp(context.nodeName, error);
  }
}

interface Opened {
  readonly context: ProcessorContext;
  readonly work: AsyncWork;
  readonly calls: Calls;
  readonly store: WaitingStore;
  readonly serdeTopic: string;
}

/** The source's where they are the same; else these, but a copy of what is a view, which holds no longer than the call. */
function heldBytes(
  bytes: Uint8Array | null,
  { view, source }: { readonly view: Uint8Array | null; readonly source?: Uint8Array | null },
): Uint8Array | null {
  if (bytes === null) return null;
  if (source !== undefined && source !== null && equalBytes(bytes, source)) return source;
  return bytes === view ? new Uint8Array(bytes) : bytes;
}

function copyOf(headers: Headers): Headers {
  if (headers.length === 0) return noHeaders;
  return headers.map(([name, value]) => [name, value === null ? null : new Uint8Array(value)]);
}

/** Where the records of a timer come from, and those that nobody knows the source of. */
const nowhere = { topic: null, partition: -1, offset: -1 };
