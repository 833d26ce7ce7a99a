import {
  choiceOption,
  flagOption,
  optionTable,
  readOptions,
  valueOption,
  type OptionRows,
} from "@millrace/model";
import { serdeKind } from "@millrace/serde";

const text = { allowed: "a text", accepts: (given: unknown) => typeof given === "string" };
const callback = {
  allowed: "a function",
  accepts: (given: unknown) => typeof given === "function",
};
/** What is checked elsewhere, with an error of its own. */
const anything = { allowed: "anything", accepts: () => true };
const store = {
  allowed: 'a name, or an object such as { name: "totals", caching: false }',
  accepts: (given: unknown) =>
    typeof given === "string" || (typeof given === "object" && given !== null),
};

const named = { name: valueOption(text) };
const serdes = { key: valueOption(serdeKind), value: valueOption(serdeKind) };
const source = {
  ...serdes,
  ...named,
  timestampExtractor: valueOption(callback),
  offsetReset: valueOption(anything),
};
const aggregation = { ...named, store: valueOption(store) };

/** What the options of each operator are. */
const rowsOf = {
  stream: source,
  table: { ...source, store: valueOption(store) },
  filter: named,
  filterNot: named,
  map: named,
  mapValues: named,
  flatMap: named,
  flatMapValues: named,
  selectKey: named,
  peek: named,
  foreach: named,
  merge: named,
  groupBy: { ...serdes, ...named },
  groupByKey: { ...serdes, ...named },
  to: { ...serdes, ...named, partitioner: valueOption(callback) },
  count: aggregation,
  reduce: aggregation,
  aggregate: { ...aggregation, value: valueOption(serdeKind, { isRequired: true }) },
  toStream: named,
} as const satisfies Readonly<Record<string, OptionRows>>;

const storeRows = {
  ...named,
  engine: choiceOption(["persistent", "memory"], {}),
  caching: flagOption({}),
  logging: flagOption({}),
};

/**
 * The options of an operator, as they were given: the types tell what may stand there, and those who write none are told
 * here.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`
 */
export function checked<Options>(operator: keyof typeof rowsOf, options: Options): Options {
  const rows: OptionRows = rowsOf[operator];
  const given = options === undefined ? {} : options;
  const { store: kept } = readOptions(optionTable(operator, rows), given);
  if (typeof kept === "object")
    readOptions(optionTable(`the store of ${operator}`, storeRows), kept);
  return options;
}
