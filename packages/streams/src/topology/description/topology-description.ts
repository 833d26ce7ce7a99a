/**
 * A topology as data, which JSON carries unchanged (Kafka: `TopologyDescription`, with stores and internal topics
 * besides). Internal topics are without the application's id.
 */
export interface TopologyDescription {
  /** Of these fields; another number is of another version of Millrace. */
  readonly format: 1;
  /** In Kafka's order, those of global stores among them. */
  readonly subtopologies: readonly SubtopologyDescription[];
  /** Equal where instances of two versions can run beside each other. */
  readonly fingerprint: string;
}

export interface SubtopologyDescription {
  readonly id: number;
  /** True: it feeds a store that each process has whole, and makes no tasks. */
  readonly isGlobal: boolean;
  /** Parents before children. */
  readonly nodes: readonly NodeDescription[];
  readonly stores: readonly StoreDescription[];
  /** Internal topics that it reads. */
  readonly repartitionTopics: readonly RepartitionTopicDescription[];
  /** Names of sources whose topics are joined by key. */
  readonly copartitioned: readonly (readonly string[])[];
}

export type NodeDescription = SourceDescription | ProcessorDescription | SinkDescription;

export interface SourceDescription {
  readonly kind: "source";
  readonly name: string;
  readonly topics: readonly string[];
  /** The source of a regular expression, in place of topics. */
  readonly pattern: string | null;
  /** Names of serdes. */
  readonly key: string;
  readonly value: string;
  /** Null: as the application says. */
  readonly offsetReset: string | null;
  readonly parents: readonly string[];
}

export interface ProcessorDescription {
  readonly kind: "processor";
  readonly name: string;
  readonly stores: readonly string[];
  readonly parents: readonly string[];
}

export interface SinkDescription {
  readonly kind: "sink";
  readonly name: string;
  /** Null: a function chooses it. */
  readonly topic: string | null;
  /** The name of that function. */
  readonly extractor: string | null;
  readonly key: string;
  readonly value: string;
  readonly parents: readonly string[];
}

export interface StoreDescription {
  readonly name: string;
  /** Such as `timestampedKeyValue`. */
  readonly kind: string;
  /** How its entries lie on the disk. */
  readonly layout: number;
  readonly engine: string;
  readonly caching: boolean;
  /** Names of serdes. */
  readonly key: string;
  readonly value: string;
  /** Null: what it holds is nowhere else. */
  readonly changelog: ChangelogDescription | null;
  /** What its kind alone has: `windowSizeMs`, `windows`, `retentionMs`, `entriesMax`, … */
  readonly settings: Readonly<Record<string, number | boolean | string>>;
}

export interface ChangelogDescription {
  readonly topic: string;
  /** True: an input of the program, which is neither made nor written. */
  readonly isSourceTopic: boolean;
  readonly configs: Readonly<Record<string, string>>;
}

export interface RepartitionTopicDescription {
  readonly name: string;
  /** Null: as many as the topics upstream have. */
  readonly partitionCount: number | null;
}
