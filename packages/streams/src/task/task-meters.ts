import {
  isRecorded,
  OwnedGauges,
  SampledValues,
  showSampled,
  timedNames,
  TimedWork,
  type SampledReading,
} from "@millrace/platform";

import type { DroppedRecords } from "./dropped-records.ts";
import type { InputQueues } from "./input-queues.ts";
import { RecordLatency, type SliceTime } from "./record-latency.ts";
import type { RunningNode } from "./running-node.ts";
import type { Slice } from "./slice.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskTopology } from "./task-topology.ts";

/** What is measured of each record, where the recording level says so. */
export interface RecordMeters {
  /** A record through the whole sub-topology. */
  readonly work: TimedWork;
  /** By how much records come after the newest one. */
  readonly lateness: SampledValues;
  /** Records taken while another input had none. */
  readonly enforced: SampledValues;
  /** Of source nodes. */
  readonly taken: ReadonlyMap<string, SampledValues>;
}

/** The metrics of one task and its nodes, under Kafka's names; they go with it. */
export class TaskMeters {
  /** Undefined at level `info`. */
  readonly records: RecordMeters | undefined;
  /** Undefined at level `info`. */
  readonly punctuate: TimedWork | undefined;
  readonly #options: StreamTaskOptions;
  readonly #gauges: OwnedGauges;
  readonly #tags: { readonly "task-id": string };
  readonly #time = { monotonicMs: 0, wallMs: 0 } satisfies SliceTime;

  constructor(options: StreamTaskOptions, taskName: string) {
    const { metrics, recordingLevel = "info", subtopology } = options;
    this.#options = options;
    this.#gauges = new OwnedGauges(metrics);
    this.#tags = { "task-id": taskName };
    this.begin(undefined); // processors may forward before the first slice
    if (!isRecorded("debug", recordingLevel)) return;
    this.punctuate = this.#timed("punctuate");
    const sources = subtopology.nodes.filter(({ kind }) => kind === "source");
    this.records = {
      work: this.#timed("process"),
      lateness: this.#sampled({ "record-lateness-avg": "average", "record-lateness-max": "most" }),
      enforced: this.#sampled(countNames("enforced-processing")),
      taken: new Map(
        sources.map(({ name }) => [name, this.#sampled(countNames("process"), ofNode(name))]),
      ),
    };
  }

  /** Measures nodes and queues, and what is left out. */
  watch({ nodes }: TaskTopology, queues: InputQueues, dropped: DroppedRecords): void {
    const isDebug = this.records !== undefined;
    dropped.sampled = this.#sampled({ "dropped-records-rate": "rate" });
    for (const node of nodes) {
      if (node.isSource || node.children.length === 0) node.latency = this.#latencyOf(node);
      const { forwardsAs } = node.processor;
      if (isDebug && forwardsAs !== undefined)
        node.emitted = this.#sampled(countNames(forwardsAs), ofNode(node.nodeName));
    }
    this.#gauges.gauge("input-buffer-bytes-total", () => queues.bufferedBytes, this.#tags);
    if (isDebug)
      this.#gauges.gauge("active-buffer-count", () => queues.bufferedRecords, this.#tags);
  }

  /** A slice begins, or a call that has none. */
  begin(slice: Slice | undefined): void {
    const { clock } = this.#options;
    this.#time.monotonicMs = slice?.beganMs ?? clock.monotonicMs();
    this.#time.wallMs = slice?.beganWallMs ?? clock.wallMs();
  }

  close(): void {
    this.#gauges.remove();
  }

  #latencyOf({ nodeName }: RunningNode): RecordLatency {
    const names = {
      "record-e2e-latency-avg": "average",
      "record-e2e-latency-min": "least",
      "record-e2e-latency-max": "most",
    } as const;
    return new RecordLatency(this.#sampled(names, ofNode(nodeName)), this.#time);
  }

  /** Of all time the share is Kafka's `active-process-ratio`. */
  #timed(name: "process" | "punctuate"): TimedWork {
    const { [`${name}-ratio`]: share, ...names } = timedNames(name);
    return new TimedWork({
      clock: this.#options.clock,
      metrics: this.#gauges,
      names: name === "process" ? { ...names, "active-process-ratio": share } : names,
      tags: this.#tags,
    });
  }

  #sampled(
    names: Readonly<Record<string, SampledReading>>,
    more: Readonly<Record<string, string>> = {},
  ): SampledValues {
    const values = new SampledValues(this.#options.clock);
    showSampled(this.#gauges, values, names, { ...this.#tags, ...more });
    return values;
  }
}

function ofNode(name: string): Readonly<Record<string, string>> {
  return { "processor-node-id": name };
}

function countNames(name: string): Readonly<Record<string, SampledReading>> {
  return { [`${name}-rate`]: "rate", [`${name}-total`]: "total" };
}
