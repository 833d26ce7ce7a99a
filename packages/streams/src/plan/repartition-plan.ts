import type { Serde } from "@millrace/serde";

import type { Processor, ProcessorContext } from "../processor/processor.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import type { StreamPartitioner } from "../topology/topology-node.ts";
import type { TopologyBuilder } from "../topology/topology-builder.ts";
import type { Naming } from "./naming.ts";
import type { RepartitionPlan } from "./plan-node.ts";

export interface RepartitionNames {
  readonly sink: string;
  readonly filter: string;
  readonly source: string;
}

export interface RepartitionOptions {
  /** The user's name, or that of the store it feeds. */
  readonly prefix: string;
  readonly isNamedByUser: boolean;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** False: as the user asked for it, and not to be merged with others. Default true. */
  readonly isOptimizable?: boolean;
  /** Default: as many as its input has. */
  readonly partitionCount?: number | undefined;
  readonly partitioner?: StreamPartitioner | undefined;
}

const suffix = "-repartition";

/**
 * Records go through a topic of the application's own, so that those of a key meet in one partition: a filter of
 * null keys, a sink, and a source that the rest reads (Kafka: `OptimizableRepartitionNode`).
 */
export function repartitionPlan(naming: Naming, options: RepartitionOptions): RepartitionPlan {
  const { prefix } = options;
  const topic = prefix.endsWith(suffix) ? prefix : prefix + suffix;
  if (!options.isNamedByUser) naming.noteGenerated(topic);
  const generated: RepartitionNames = {
    sink: naming.node("KSTREAM-SINK-"),
    filter: naming.node("KSTREAM-FILTER-"),
    source: naming.node("KSTREAM-SOURCE-"),
  };
  const isGenerated = /^KSTREAM.*-[0-9]{10}$/.test(prefix);
  return repartitionThrough(topic, isGenerated ? generated : namesAfter(topic), options);
}

/** One repartition topic in place of several, named after the first (`merge.repartition.topics`). */
export function mergedRepartitionPlan(first: RepartitionPlan): RepartitionPlan {
  return repartitionThrough(first.topic, namesAfter(first.topic), first);
}

function namesAfter(topic: string): RepartitionNames {
  return { sink: `${topic}-sink`, filter: `${topic}-filter`, source: `${topic}-source` };
}

function repartitionThrough(
  topic: string,
  names: RepartitionNames,
  options: Omit<RepartitionOptions, "prefix" | "isNamedByUser">,
  { keepsNullKeys = false } = {},
): RepartitionPlan {
  const { keySerde, valueSerde, isOptimizable = true, partitionCount, partitioner } = options;
  return Object.freeze({
    kind: "repartition",
    name: names.source,
    topic,
    keySerde,
    valueSerde,
    isOptimizable,
    keepingNullKeys: () => repartitionThrough(topic, names, options, { keepsNullKeys: true }),
    lower: (topology: TopologyBuilder, parents: readonly string[]) => {
      topology.addInternalTopic(topic, partitionCount);
      topology.addProcessor({
        name: names.filter,
        supplier: () => new NullKeyFilter(keepsNullKeys),
        parents,
      });
      topology.addSink({
        name: names.sink,
        topic,
        keySerde,
        valueSerde,
        partitioner,
        parents: [names.filter],
      });
      topology.addSource({
        name: names.source,
        topics: [topic],
        pattern: undefined,
        keySerde,
        valueSerde,
        timestampExtractor: undefined,
        dropsNulls: false,
        offsetReset: undefined,
      });
    },
  });
}

/** A record without a key has no partition to go to: it is left out, uncounted, as in Kafka. */
class NullKeyFilter implements Processor {
  readonly forwardsNewRecords = true;
  readonly #keepsNullKeys: boolean;
  #context: ProcessorContext | undefined;

  constructor(keepsNullKeys: boolean) {
    this.#keepsNullKeys = keepsNullKeys;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    if (this.#keepsNullKeys || !record.hasNullKey) this.#context?.forward(record);
  }
}
