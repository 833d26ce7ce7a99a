/**
 * What programs may use that is not here yet: the one list. A program that needs anything on it is answered
 * `{"name": …, "unsupported": …}`. An entry leaves the list when the thing is built.
 */
export const unsupportedOperators: readonly string[] = [
  "globalTable",
  "globalStore",
  "stateStore",
  "transformValues",
  "split",
  "process",
  "processValues",
  "windowedBy",
  "cogroup",
  "suppress",
  "join",
  "leftJoin",
  "outerJoin",
  "addSource",
  "addProcessor",
  "addSink",
  "addReadOnlyStore",
];

export const unsupportedStores: readonly string[] = ["versioned", "lru", "plain"];

export const unsupportedWindows: readonly string[] = [
  "tumbling",
  "hopping",
  "sliding",
  "session",
  "unlimited",
];

export const unsupportedConfigs: readonly string[] = ["storeFormat"];

/** The words for `generate --only`: all that programs may be made of here. */
export const supportedWords: readonly string[] = [
  "stream",
  "table",
  "filter",
  "filterNot",
  "map",
  "mapValues",
  "flatMap",
  "flatMapValues",
  "selectKey",
  "peek",
  "foreach",
  "merge",
  "groupBy",
  "groupByKey",
  "count",
  "reduce",
  "aggregate",
  "toStream",
  "onTable",
  "toTable",
  "repartition",
  "to",
  "pattern",
  "timestamps",
  "topicFrom",
  "app",
  "cacheBytes",
  "stores",
  "optimize",
  "guarantee",
  "onDeserializationError",
  "onProcessingError",
  "onProductionError",
  "deadLetterTopic",
  "explicitNames",
  "maxTaskIdleMs",
];
