/**
 * What programs may use that is not here yet: the one list. A program that needs anything on it is answered
 * `{"name": …, "unsupported": …}`. An entry leaves the list when the thing is built.
 */
export const unsupportedOperators: readonly string[] = ["transformValues"];

/** Fields of joins. */
export const unsupportedJoins: readonly string[] = [];

/** Of tables. */
export const unsupportedStores: readonly string[] = [];

export const unsupportedWindows: readonly string[] = [];

export const unsupportedConfigs: readonly string[] = ["storeFormat"];

/** The words for `generate --only`: all that programs may be made of here. */
export const supportedWords: readonly string[] = [
  "stream",
  "table",
  "globalTable",
  "globalStore",
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
  "cogroup",
  "toStream",
  "suppress",
  "split",
  "join",
  "leftJoin",
  "outerJoin",
  "windowedBy",
  "window",
  "onTable",
  "versioned",
  "lru",
  "plain",
  "toTable",
  "repartition",
  "stateStore",
  "process",
  "processValues",
  "addSource",
  "addProcessor",
  "addSink",
  "addReadOnlyStore",
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
