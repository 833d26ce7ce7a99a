import {
  choiceOption,
  unboundedDurationOption,
  flagOption,
  isSynchronousFunction,
  numberOption,
  isTopicName,
  OptionError,
  optionTable,
  readOptions,
  shown,
  topicNameAllowed,
  valueOption,
  type OptionRows,
} from "@millrace/model";
import { serdeKind } from "@millrace/serde";
import { storeEngineKinds } from "@millrace/state";

import {
  awaitedActionRows,
  awaitedValueRows,
  retryRows,
  waitingStoreRows,
} from "./operators/async/await-rows.ts";
import { unmatchedTimes } from "./operators/stream-join/streams-join.ts";
import { isSuppressed } from "./suppressed.ts";
import { placeOfCall } from "../error/place-of-call.ts";
import { storeFormats } from "../plan/lower-plan.ts";
import { TopologyError } from "../error/topology-error.ts";

/** What an operator takes in one place. */
interface Kind {
  readonly allowed: string;
  readonly accepts: (given: unknown) => boolean;
}

const isText = (given: unknown): boolean => typeof given === "string";
const text: Kind = { allowed: "a text", accepts: isText };
const callback = (shape: string): Kind => ({
  allowed: `a synchronous function, ${shape}`,
  accepts: isSynchronousFunction,
});
/** What is checked elsewhere, with an error of its own. */
const anything = { allowed: "anything", accepts: () => true };
const store = {
  allowed: 'a name, or an object such as { name: "totals", caching: false }',
  accepts: (given: unknown) =>
    typeof given === "string" || (typeof given === "object" && given !== null),
};

const object: Kind = {
  allowed: "an object",
  accepts: (given) => typeof given === "object" && given !== null,
};

const named = { name: valueOption(text) };
const serdes = { key: valueOption(serdeKind), value: valueOption(serdeKind) };
const requiredSerdes = {
  key: valueOption(serdeKind, { isRequired: true }),
  value: valueOption(serdeKind, { isRequired: true }),
};
const globalSource = {
  ...serdes,
  ...named,
  timestampExtractor: valueOption(callback("(record, partitionTime) => timestamp")),
};
const source = { ...globalSource, offsetReset: valueOption(anything) };
const aggregation = { ...named, store: valueOption(store) };

const partitionerKind = callback("(value, key, partitionCount) => partition");
const aggregatorKind = callback("(aggregate, value, key) => aggregate");

const specification: Kind = {
  allowed: "a store's specification, such as keyValueStore({ … })",
  accepts: (given) => typeof given === "object" && given !== null && "kind" in given,
};
const topic: Kind = { allowed: topicNameAllowed, accepts: isTopicName };
const selector = callback("(value, key) => key");

const adderAndSubtractor: Kind = {
  allowed: "{ adder, subtractor }, two synchronous functions (aggregate, value, key) => aggregate",
  accepts: (given) => {
    if (typeof given !== "object" || given === null) return false;
    const { adder, subtractor } = given as Readonly<Record<string, unknown>>;
    return isSynchronousFunction(adder) && isSynchronousFunction(subtractor);
  },
};

const joined = { ...serdes, ...named, left: valueOption(serdeKind) };
const joinedStreams = {
  ...joined,
  right: valueOption(serdeKind),
  within: valueOption(
    {
      allowed: 'how far apart two records may be, such as "5m", or bounds: ["0ms", "1h"]',
      accepts: (given) => given !== undefined && given !== null,
    },
    { isRequired: true },
  ),
  grace: valueOption(anything),
  store: valueOption(store),
};
const joinerKind = callback("(left, right, key) => value");
const branchesKind: Kind = {
  allowed: "branches, such as { big: (value, key) => true or false, rest: otherwise }",
  accepts: (given) => {
    if (typeof given !== "object" || given === null) return false;
    return (given instanceof Map ? given.size : Object.keys(given).length) > 0;
  },
};

const windowKinds: readonly unknown[] = ["time", "sliding", "session"];
const windowsKind: Kind = {
  allowed: 'windows, such as tumbling("1m"), sliding("10m") or session("30m")',
  accepts: (given) =>
    typeof given === "object" &&
    given !== null &&
    "kind" in given &&
    windowKinds.includes(given.kind),
};
const countedOrWindowsKind: Kind = {
  allowed: `${windowsKind.allowed}, or countWindows(100)`,
  accepts: (given) => windowsKind.accepts(given) || isOfCounts(given),
};
const aggregatorAndMerger: Kind = {
  allowed:
    "{ aggregator, merger }, synchronous functions (aggregate, value, key) => aggregate and (left, right, key) => aggregate",
  accepts: (given) => {
    if (typeof given !== "object" || given === null) return false;
    const { aggregator, merger } = given as Readonly<Record<string, unknown>>;
    return isSynchronousFunction(aggregator) && isSynchronousFunction(merger);
  },
};
const countKind: Kind = {
  allowed: "how many values to keep, a whole number of at least 1",
  accepts: (given) => Number.isSafeInteger(given) && Number(given) >= 1,
};
const scoreKind = callback("(value, key) => a number, or numbers");
const initialiser = callback("() => aggregate");
const emitStrategyKind: Kind = {
  allowed: '"onWindowUpdate" or "onWindowClose"',
  accepts: (given) => given === "onWindowUpdate" || given === "onWindowClose",
};
const awaitedKind: Kind = {
  allowed: "a function, (value, key, context) => promise",
  accepts: (given) => typeof given === "function",
};
const suppressedKind: Kind = {
  allowed: 'untilWindowCloses() or untilTimeLimit("5s")',
  accepts: isSuppressed,
};

function isOfCounts(given: unknown): boolean {
  return typeof given === "object" && given !== null && "kind" in given && given.kind === "count";
}

/** What stands before the options, in order. */
const argumentsOf: Partial<Readonly<Record<string, readonly Kind[]>>> = {
  stream: [
    {
      allowed: `${topicNameAllowed}; a list of names, or a pattern`,
      accepts: (given) =>
        isTopicName(given) ||
        given instanceof RegExp ||
        (Array.isArray(given) && given.every(isTopicName)),
    },
  ],
  table: [topic],
  globalTable: [topic],
  addGlobalStore: [specification, topic],
  filter: [callback("(value, key) => true or false")],
  filterNot: [callback("(value, key) => true or false")],
  map: [callback("(value, key) => ({ key, value })")],
  mapValues: [callback("(value, key) => value")],
  flatMap: [callback("(value, key) => [{ key, value }]")],
  flatMapValues: [callback("(value, key) => [value]")],
  mapValuesAsync: [awaitedKind],
  flatMapValuesAsync: [awaitedKind],
  foreachAsync: [awaitedKind],
  selectKey: [selector],
  peek: [callback("(value, key) => nothing")],
  foreach: [callback("(value, key) => nothing")],
  print: [callback("(line) => nothing, such as console.log")],
  groupBy: [selector],
  to: [
    {
      allowed: `${topicNameAllowed}, or a synchronous function, (value, key) => topic`,
      accepts: (given) => isTopicName(given) || isSynchronousFunction(given),
    },
  ],
  deduplicate: [callback("(value, key) => id")],
  asOfJoin: [anything, joinerKind],
  topN: [countKind, scoreKind],
  "topN of windows": [countKind, scoreKind],
  reduce: [aggregatorKind],
  aggregate: [initialiser, aggregatorKind],
  split: [branchesKind],
  "join of a stream": [anything, joinerKind],
  "leftJoin of a stream": [anything, joinerKind],
  "join with a global table": [anything, joinerKind],
  "join of streams": [anything, joinerKind],
  "leftJoin of streams": [anything, joinerKind],
  "outerJoin of streams": [anything, joinerKind],
  "join of tables": [anything, joinerKind],
  "outerJoin of tables": [anything, joinerKind],
  windowedBy: [countedOrWindowsKind],
  "windowedBy of cogrouped streams": [windowsKind],
  "reduce of counted": [aggregatorKind],
  "aggregate of counted": [initialiser, aggregatorKind],
  emitStrategy: [emitStrategyKind],
  "reduce of windows": [aggregatorKind],
  "aggregate of windows": [initialiser, aggregatorKind],
  "aggregate of sessions": [initialiser, aggregatorAndMerger],
  cogroup: [aggregatorKind],
  "cogroup of another": [anything, aggregatorKind],
  "aggregate of cogrouped streams": [initialiser],
  "aggregate of cogrouped windows": [initialiser],
  "aggregate of cogrouped sessions": [initialiser, callback("(left, right, key) => aggregate")],
  suppress: [suppressedKind],
  "filter of a table": [callback("(value, key) => true or false")],
  "mapValues of a table": [callback("(value, key) => value")],
  "groupBy of a table": [callback("(value, key) => ({ key, value })")],
  "reduce of a grouped table": [adderAndSubtractor],
  "aggregate of a grouped table": [initialiser, adderAndSubtractor],
};

/** What the options of each operator are. */
const rowsOf = {
  stream: source,
  table: { ...source, store: valueOption(store) },
  globalTable: { ...globalSource, store: valueOption(store) },
  addGlobalStore: {
    ...globalSource,
    process: valueOption(callback("(record, { store }) => nothing"), { isRequired: true }),
  },
  filter: named,
  filterNot: named,
  map: { ...serdes, ...named },
  mapValues: { value: serdes.value, ...named },
  flatMap: { ...serdes, ...named },
  flatMapValues: { value: serdes.value, ...named },
  mapValuesAsync: awaitedValueRows,
  flatMapValuesAsync: awaitedValueRows,
  foreachAsync: awaitedActionRows,
  selectKey: { key: serdes.key, ...named },
  peek: named,
  foreach: named,
  print: {
    ...named,
    label: valueOption(text),
    mapper: valueOption(callback("(value, key) => a text")),
  },
  merge: { ...serdes, ...named },
  deduplicate: {
    ...serdes,
    ...named,
    within: unboundedDurationOption({ isRequired: true, minMs: 1 }),
    id: valueOption(serdeKind, { isRequired: true }),
    store: valueOption(store),
  },
  asOfJoin: {
    ...serdes,
    ...named,
    left: valueOption(serdeKind),
    right: valueOption(serdeKind),
    tolerance: unboundedDurationOption({ isRequired: true }),
    grace: unboundedDurationOption({}),
    store: valueOption(store),
  },
  groupBy: { ...serdes, ...named },
  groupByKey: { ...serdes, ...named },
  to: {
    ...serdes,
    ...named,
    partitioner: valueOption(partitionerKind),
  },
  count: aggregation,
  reduce: aggregation,
  aggregate: { ...aggregation, value: valueOption(serdeKind, { isRequired: true }) },
  toStream: named,
  process: named,
  processValues: named,
  toTable: { ...serdes, ...aggregation },
  repartition: {
    ...serdes,
    ...named,
    partitions: numberOption({ min: 1 }),
    partitioner: valueOption(partitionerKind),
  },
  split: named,
  "join of a stream": { ...joined, grace: unboundedDurationOption({}) },
  "leftJoin of a stream": { ...joined, grace: unboundedDurationOption({}) },
  "join of streams": joinedStreams,
  "leftJoin of streams": { ...joinedStreams, unmatched: choiceOption(unmatchedTimes, {}) },
  "outerJoin of streams": { ...joinedStreams, unmatched: choiceOption(unmatchedTimes, {}) },
  "outerJoin of tables": { ...aggregation, value: serdes.value },
  "join of tables": {
    ...aggregation,
    value: serdes.value,
    foreignKey: valueOption(callback("(value, key) => the other table's key")),
    partitioner: valueOption(partitionerKind),
    otherPartitioner: valueOption(partitionerKind),
  },
  "join with a global table": {
    ...named,
    value: serdes.value,
    keySelector: valueOption(selector),
  },
  topN: aggregation,
  "topN of windows": aggregation,
  windowedBy: {},
  "windowedBy of cogrouped streams": {},
  "count of counted": aggregation,
  "reduce of counted": aggregation,
  "aggregate of counted": {
    ...aggregation,
    value: valueOption(serdeKind, { isRequired: true }),
  },
  emitStrategy: {},
  "count of windows": aggregation,
  "reduce of windows": aggregation,
  "aggregate of windows": {
    ...aggregation,
    value: valueOption(serdeKind, { isRequired: true }),
  },
  "aggregate of sessions": {
    ...aggregation,
    value: valueOption(serdeKind, { isRequired: true }),
  },
  cogroup: { value: valueOption(serdeKind, { isRequired: true }) },
  "cogroup of another": {},
  "aggregate of cogrouped streams": aggregation,
  "aggregate of cogrouped windows": aggregation,
  "aggregate of cogrouped sessions": aggregation,
  "groupBy of a table": { ...serdes, ...named },
  "reduce of a grouped table": aggregation,
  "aggregate of a grouped table": {
    ...aggregation,
    value: valueOption(serdeKind, { isRequired: true }),
  },
  suppress: named,
  "filter of a table": aggregation,
  "mapValues of a table": { ...aggregation, value: serdes.value },
  transformValues: { ...aggregation, value: serdes.value },
  build: {
    optimize: valueOption(anything),
    requireExplicitNames: flagOption({}),
    storeEngine: choiceOption(storeEngineKinds, {}),
    storeFormat: choiceOption(storeFormats, {}),
  },
} as const satisfies Readonly<Record<string, OptionRows>>;

const inTask = {
  stores: valueOption(object),
  state: valueOption(callback("() => what it keeps in a task")),
  init: valueOption(callback("(context) => nothing")),
  close: valueOption(callback("(context) => nothing")),
};
const definition = {
  ...inTask,
  process: valueOption(callback("(record, context) => nothing"), { isRequired: true }),
};

/** What the definition of a processor, or a transformer, is made of. */
const definitionRows = {
  transformValues: {
    ...inTask,
    transform: valueOption(callback("(value, key, context) => value"), { isRequired: true }),
  },
  process: { ...definition, output: valueOption(object), outputs: valueOption(object) },
  processValues: { ...definition, value: serdes.value },
};

const tableStoreRows = {
  ...named,
  engine: choiceOption(storeEngineKinds, {}),
  headers: flagOption({}),
  caching: flagOption({}),
  logging: flagOption({}),
};
const keyValueStoreRows = {
  ...tableStoreRows,
  historyRetention: unboundedDurationOption({}),
  segmentInterval: unboundedDurationOption({}),
  entriesMax: numberOption({ min: 1 }),
  timestamps: flagOption({}),
};
/** Of tables that are made from a topic or a stream. */
const firstStoreRows = { ...keyValueStoreRows, ttl: unboundedDurationOption({ minMs: 1 }) };
const withTtl: readonly string[] = ["table", "toTable", "count", "reduce", "aggregate", "topN"];
const windowStoreRows = { ...tableStoreRows, retention: unboundedDurationOption({}) };

/** They are never cached. */
const addedStoreRows = {
  ...named,
  engine: choiceOption(storeEngineKinds, {}),
  logging: flagOption({}),
};

/** They are never cached. */
const joinStoreRows = {
  ...named,
  engine: choiceOption(storeEngineKinds, {}),
  logging: flagOption({}),
  retention: valueOption(anything),
};

/**
 * The options of an operator, as they were given, and whether it takes them and what stands before them: the types tell
 * what may stand there, and those who write none are told here.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; TopologyError `INVALID_ARGUMENT`
 */
export function checked<Options>(
  operator: keyof typeof rowsOf,
  options: Options,
  ...given: readonly unknown[]
): Options {
  for (const [index, { allowed, accepts }] of (argumentsOf[operator] ?? []).entries())
    if (!accepts(given[index]))
      throw new TopologyError(
        "INVALID_ARGUMENT",
        `${operator} was given ${shown(given[index])} as argument ${index + 1}; give ${allowed}`,
      );
  located(() => checkOptions(operator, options === undefined ? {} : options));
  return options;
}

/** As `checked`, for an operator that is defined by an object. */
export function checkedDefinition<Options>(
  operator: keyof typeof definitionRows,
  given: unknown,
  options: Options,
): Options {
  const rows: OptionRows = definitionRows[operator];
  const { output } = located(() => readOptions(optionTable(operator, rows), given));
  if (output !== undefined)
    located(() => readOptions(optionTable(`the output of ${operator}`, requiredSerdes), output));
  return checked(operator, options);
}

function located<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new OptionError(error.code, error.message + placeOfCall());
  }
}

function checkOptions(operator: keyof typeof rowsOf, options: unknown): void {
  const rows: OptionRows = rowsOf[operator];
  const { store: kept, retry } = readOptions(optionTable(operator, rows), options);
  if (retry !== undefined) readOptions(optionTable(`the retry of ${operator}`, retryRows), retry);
  if (typeof kept !== "object") return;
  readOptions(optionTable(`the store of ${operator}`, storeRowsOf(operator)), kept);
}

function storeRowsOf(operator: string): OptionRows {
  if (withTtl.includes(operator)) return firstStoreRows;
  if (/(?:windows|sessions)$/.test(operator)) return windowStoreRows;
  if (operator.endsWith("of streams")) return joinStoreRows;
  if (/^(?:deduplicate|asOfJoin)$|of counted$/.test(operator)) return addedStoreRows;
  return operator.endsWith("Async") ? waitingStoreRows : keyValueStoreRows;
}
