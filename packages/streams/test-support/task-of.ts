import { ClusterError } from "@millrace/cluster";
import { encodeUtf8, noHeaders, type Headers, type RecordBatchView } from "@millrace/model";
import { MetricRegistry, silentLogger } from "@millrace/platform";
import { string, type Serde } from "@millrace/serde";
import { CacheBudget, MemoryEngine, openTaskStores } from "@millrace/state";

import { StreamsBuilder } from "../src/dsl/streams-builder.ts";
import { StreamsError } from "../src/error/streams-error.ts";
import type { Processor } from "../src/processor/processor.ts";
import type { RecordCollector, RefusalOwner, TopicAppender } from "../src/task/record-collector.ts";
import { storeOpenings } from "../src/task/store-openings.ts";
import { StreamTask } from "../src/task/stream-task.ts";
import type { StreamTaskOptions, TaskConfig } from "../src/task/stream-task-options.ts";
import { TaskRecordContext } from "../src/task/task-record-context.ts";
import { TopologyBuilder } from "../src/topology/topology-builder.ts";
import { Topology } from "../src/topology/topology.ts";
import type { Subtopology } from "../src/topology/subtopology.ts";

export interface Written {
  readonly topic: string;
  readonly timestamp: number;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
  /** Offset of the input that it was written for. */
  readonly inputOffset: number;
}

/** A task of a program of the DSL; see `taskOn`. */
export function taskOf(
  build: (builder: StreamsBuilder) => void,
  config: Partial<TaskConfig> = {},
  options: Partial<StreamTaskOptions> = {},
) {
  const builder = new StreamsBuilder();
  build(builder);
  return taskOn(builder.build().merged("app"), config, options);
}

/** A task of one processor, which reads topic `a` and is read by a sink for `out`. */
export function taskOfProcessor(
  processor: Processor,
  config: Partial<TaskConfig> = {},
  options: Partial<StreamTaskOptions> = {},
) {
  const topology = new TopologyBuilder();
  const serdes = { keySerde: string() as Serde<unknown>, valueSerde: string() as Serde<unknown> };
  topology.addSource({
    ...serdes,
    name: "source",
    topics: ["a"],
    pattern: undefined,
    timestampExtractor: undefined,
    dropsNulls: false,
    offsetReset: undefined,
  });
  topology.addProcessor({ name: "processor", supplier: () => processor, parents: ["source"] });
  const parents = ["processor"];
  topology.addSink({ ...serdes, name: "sink", topic: "out", partitioner: undefined, parents });
  return taskOn(new Topology(topology.contents).merged("app"), config, options);
}

/** A task over a collector that keeps what it is given; appends fail while `failure` is set. */
export function taskOn(
  subtopology: Subtopology,
  config: Partial<TaskConfig> = {},
  options: Partial<StreamTaskOptions> = {},
) {
  const written: Written[] = [];
  const collector = {
    hasRoom: true,
    failure: undefined as unknown,
    /** Topics that refuse what is appended, and with what. */
    refusals: new Map<string, unknown>(),
    owner: undefined as RefusalOwner | undefined,
    reportTo: (owner: RefusalOwner) => {
      collector.owner = owner;
    },
    topic: (topic: string): TopicAppender => {
      const appender: TopicAppender = {
        partitionCount: 1,
        append: (timestamp, _key, bytes, headers) => {
          const value = copyOf(bytes);
          if (collector.failure !== undefined) throw collector.failure;
          if (collector.refusals.has(topic)) throw collector.refusals.get(topic);
          written.push({ topic, timestamp, value, headers, inputOffset: recordContext.offset });
        },
        partition: () => appender,
      };
      return appender;
    },
    partition: (topic: string) => collector.topic(topic),
  };
  const recordContext = new TaskRecordContext();
  const cache = new CacheBudget(1024);
  const task = new StreamTask({
    taskId: { subtopology: 0, partition: 0 },
    subtopology,
    stores: openTaskStores({
      engine: new MemoryEngine(),
      stores: storeOpenings(subtopology, {
        partition: 0,
        collector: collector as RecordCollector,
        cache,
      }),
      recordContext,
      cache,
      taskId: "0_0",
    }),
    recordContext,
    collector: collector as RecordCollector,
    ...stoppedTime,
    wake: () => {},
    metrics: new MetricRegistry(),
    logger: silentLogger,
    config: { applicationId: "app", ...config },
    ...options,
  });
  return { task, written, collector };
}

/** As a collector does. */
function copyOf(value: Uint8Array | null): Uint8Array | null {
  return value === null ? null : value.slice();
}

const stoppedTime = {
  clock: { wallMs: () => 0, monotonicMs: () => 0 },
  timers: { after: () => ({ cancel: () => {} }) },
};

export interface Entry {
  readonly timestamp: number;
  /** A text stands for its bytes. */
  readonly value: string | Uint8Array | null;
  readonly key?: string | null;
}

/** A batch of records one after the other, and of one more offset, as that of a control record. */
export function batchOf(topic: string, baseOffset: number, entries: readonly Entry[]) {
  let index = -1;
  const bytes = (given: string | Uint8Array | null | undefined) =>
    typeof given === "string" ? encodeUtf8(given) : (given ?? null);
  return {
    topic,
    partition: 0,
    sizeBytes: 0,
    isReleased: false,
    get remaining() {
      return entries.length - index - 1;
    },
    get nextOffset() {
      return baseOffset + entries.length + 1;
    },
    get offset() {
      return baseOffset + index;
    },
    get timestamp() {
      return entries[index].timestamp;
    },
    get key() {
      return bytes(entries[index].key ?? "k");
    },
    get value() {
      return bytes(entries[index].value);
    },
    headers: noHeaders,
    next() {
      index += 1;
      return index < entries.length;
    },
    release() {
      this.isReleased = true;
    },
  } satisfies RecordBatchView & { isReleased: boolean };
}

export const at = (timestamp: number, value: Entry["value"] = "v"): Entry => ({ timestamp, value });

export function catchError(body: () => unknown): StreamsError | ClusterError {
  try {
    body();
  } catch (error) {
    if (error instanceof StreamsError || error instanceof ClusterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
