import {
  OptionError,
  isSynchronousFunction,
  isTopicName,
  optionTable,
  readOptions,
  shown,
  topicNameAllowed,
  valueOption,
  type OptionRows,
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";
import type { StoreSpecification } from "@millrace/state";

import { placeOfCall } from "../error/place-of-call.ts";
import { TopologyError } from "../error/topology-error.ts";
import type { ProcessorSupplier } from "../processor/processor.ts";
import type { TimestampExtractor } from "../processor/timestamp-extractor.ts";
import type { OffsetReset } from "./offset-reset.ts";
import { rawSerde } from "./raw-serde.ts";
import type {
  ProcessorNode,
  SinkNode,
  SourceNode,
  StreamPartitioner,
  TopicNameExtractor,
} from "./topology-node.ts";

/** How a source reads. */
export interface SourceNodeOptions<K, V> {
  /** Default: bytes, or null. */
  readonly key?: Serde<K>;
  /** Default: bytes, or null. */
  readonly value?: Serde<V>;
  /** Default: the record's own timestamp; one that is negative ends the task. */
  readonly timestampExtractor?: TimestampExtractor<K, V>;
  /** Default: as the application says (`earliest`). */
  readonly offsetReset?: OffsetReset;
}

/** Where a processor stands. */
export interface ProcessorNodeOptions {
  readonly parents: string | readonly string[];
  /** Stores that it uses: specifications, which are added, or names of stores that are there. */
  readonly stores?: readonly (string | StoreSpecification)[];
}

/** How a sink writes. */
export interface SinkNodeOptions<K, V> {
  readonly parents: string | readonly string[];
  /** Default: bytes, or null. */
  readonly key?: Serde<K>;
  /** Default: bytes, or null. */
  readonly value?: Serde<V>;
  /** Default: Kafka's hash of the key's bytes; records without a key take turns. */
  readonly partitioner?: StreamPartitioner<K, V>;
}

/** How a store is fed that is a topic's content. */
export interface FedStoreOptions {
  /** Makes the processor that puts the records of the topic into the store; it forwards nothing. */
  readonly supplier: ProcessorSupplier;
  /** Default: the store's. */
  readonly key?: Serde<unknown>;
  /** Default: the store's. */
  readonly value?: Serde<unknown>;
  readonly timestampExtractor?: TimestampExtractor;
  /** Default: the store's name and `-source`. */
  readonly sourceName?: string;
  /** Default: the store's name and `-processor`. */
  readonly processorName?: string;
}

const text = {
  allowed: "a text that is not empty",
  accepts: (given: unknown) => typeof given === "string" && given !== "",
};
const texts = {
  allowed: "a name, or a list of names",
  accepts: (given: unknown) => Array.isArray(given) || typeof given === "string",
};
const list = { allowed: "a list", accepts: Array.isArray };
const callback = { allowed: "a synchronous function", accepts: isSynchronousFunction };
const anything = { allowed: "anything", accepts: () => true };
const serdes = { key: valueOption(serdeKind), value: valueOption(serdeKind) };
const parents = { parents: valueOption(texts, { isRequired: true }) };

const fedStore = {
  ...serdes,
  supplier: valueOption(callback, { isRequired: true }),
  timestampExtractor: valueOption(callback),
  sourceName: valueOption(text),
  processorName: valueOption(text),
};

const rowsOf = {
  addSource: {
    ...serdes,
    timestampExtractor: valueOption(callback),
    offsetReset: valueOption(anything),
  },
  addProcessor: { ...parents, stores: valueOption(list) },
  addSink: { ...parents, ...serdes, partitioner: valueOption(callback) },
  addReadOnlyStateStore: fedStore,
  addGlobalStore: fedStore,
} as const satisfies Readonly<Record<string, OptionRows>>;

type Method = keyof typeof rowsOf;

export function readSourceOptions<K, V>(
  topics: string | readonly string[] | RegExp,
  options: SourceNodeOptions<K, V> = {},
): Omit<SourceNode, "kind" | "parents" | "name"> {
  check("addSource", options);
  const pattern = topics instanceof RegExp ? topics : undefined;
  const names = topics instanceof RegExp ? [] : namesOf("addSource", topics);
  const refusedName = names.find((name) => !isTopicName(name));
  if (refusedName !== undefined) throw refused("addSource", refusedName, topicNameAllowed);
  return {
    topics: [...new Set(names)],
    pattern,
    keySerde: options.key ?? rawSerde,
    valueSerde: options.value ?? rawSerde,
    timestampExtractor: options.timestampExtractor as TimestampExtractor | undefined,
    dropsNulls: false,
    offsetReset: options.offsetReset,
  };
}

export function readProcessorOptions(options: ProcessorNodeOptions): {
  readonly parents: readonly string[];
  readonly stores: readonly (string | StoreSpecification)[];
} {
  check("addProcessor", options);
  return { parents: namesOf("addProcessor", options.parents), stores: options.stores ?? [] };
}

export function readSinkOptions<K, V>(
  topic: string | TopicNameExtractor<K, V>,
  options: SinkNodeOptions<K, V>,
): Omit<SinkNode, "kind" | "name"> {
  check("addSink", options);
  if (!isTopicName(topic) && !isSynchronousFunction(topic))
    throw refused("addSink", topic, `${topicNameAllowed}, or a synchronous function`);
  return {
    topic: topic as string | TopicNameExtractor,
    keySerde: options.key ?? rawSerde,
    valueSerde: options.value ?? rawSerde,
    partitioner: options.partitioner as StreamPartitioner | undefined,
    parents: namesOf("addSink", options.parents),
  };
}

export function readFedStoreOptions(
  method: "addReadOnlyStateStore" | "addGlobalStore",
  { specification, topic }: { readonly specification: StoreSpecification; readonly topic: string },
  options: FedStoreOptions,
): {
  readonly source: Omit<SourceNode, "kind" | "parents">;
  readonly processor: Omit<ProcessorNode, "kind" | "stores">;
} {
  check(method, options);
  const { name, key, value } = specification;
  const { supplier, sourceName, processorName, ...reading } = options;
  checkSupplier(method, supplier);
  const source = {
    name: sourceName ?? `${name}-source`,
    ...readSourceOptions<unknown, unknown>(topic, {
      key,
      value,
      ...reading,
      offsetReset: "earliest",
    }),
  };
  const parents = [source.name];
  const processor = { name: processorName ?? `${name}-processor`, supplier, parents };
  return { source, processor: { ...processor, isByHand: true } };
}

export function checkNodeName(method: Method, name: string): void {
  if (!text.accepts(name)) throw refused(method, name, "a name for the node first");
}

/**
 * A processor belongs to one task (Kafka: `ApiUtils.checkSupplier`).
 *
 * @throws TopologyError `INVALID_ARGUMENT`, `SHARED_PROCESSOR`
 */
export function checkSupplier<KIn, VIn, KOut, VOut>(
  method: Method | "wrapProcessors",
  supplier: ProcessorSupplier<KIn, VIn, KOut, VOut>,
): void {
  const allowed = "a function that makes a processor, () => new MyProcessor()";
  if (!isSynchronousFunction(supplier) || isClass(supplier))
    throw refused(method, supplier, allowed);
  const processor: unknown = supplier();
  const isProcessor =
    typeof processor === "object" &&
    processor !== null &&
    "process" in processor &&
    typeof processor.process === "function";
  if (!isProcessor)
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `${method}: the supplier gives ${shown(processor)}; give ${allowed}, which has a method process`,
    );
  if (supplier() === processor)
    throw new TopologyError(
      "SHARED_PROCESSOR",
      `${method}: the supplier gives the same processor twice; make a new one in each call, since each task needs its own`,
    );
}

/** A class has a prototype that cannot be written: functions do not. */
function isClass(given: object): boolean {
  return Object.getOwnPropertyDescriptor(given, "prototype")?.writable === false;
}

function check(method: Method, options: unknown): void {
  const rows: OptionRows = rowsOf[method];
  try {
    readOptions(optionTable(method, rows), options);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(error.code, error.message + placeOfCall());
  }
}

function namesOf(method: Method, given: string | readonly string[]): readonly string[] {
  const names = typeof given === "string" ? [given] : given;
  if (!Array.isArray(names) || !names.every(text.accepts))
    throw refused(method, given, texts.allowed);
  return names;
}

function refused(
  method: Method | "wrapProcessors",
  given: unknown,
  allowed: string,
): TopologyError {
  return new TopologyError(
    "INVALID_ARGUMENT",
    `${method} was given ${shown(given)}; give ${allowed}`,
  );
}
