import type { JsonObject, Program } from "../../conformance/program.ts";

/** A kind of stateful operator: the program, and the values that its topics get, one topic after the other. */
interface Kind {
  readonly program: readonly JsonObject[];
  readonly config?: JsonObject;
  readonly input: Readonly<
    Record<string, (index: number) => readonly [key: string, value: string]>
  >;
}

const stream = (topic: string) => ({ let: topic, op: "stream", topics: [topic] });
const table = (topic: string) => ({ let: topic, op: "table", topic, store: { name: topic } });
const out = (on: string): readonly JsonObject[] => [
  { let: "stream of it", op: "toStream", on },
  { op: "to", on: "stream of it", topic: "out" },
];

const lines = (index: number) => [`key ${index % 7}`, `${index % 3}:${index}`] as const;
/** The records of a key come at uneven distances. */
const uneven = (index: number) => [`key ${index ** 2 % 7}`, `${index % 3}:${index}`] as const;
const windowedCount = (window: JsonObject): readonly JsonObject[] => [
  stream("L"),
  { let: "g", op: "groupByKey", on: "L" },
  { let: "w", op: "windowedBy", on: "g", window },
  { let: "c", op: "count", on: "w", store: { name: "S" } },
];
const windowed = (window: JsonObject): Kind => ({
  program: [...windowedCount(window), ...out("c")],
  input: { L: uneven },
});
const suppress = (on: string, until: string | JsonObject): readonly JsonObject[] => [
  { let: "suppressed", op: "suppress", on, until, name: "wait" },
  ...out("suppressed"),
];

/** What a restart of Kafka Streams itself does not change: nothing late, no wall clock. A new kind is one row. */
export const kinds: Readonly<Record<string, Kind>> = {
  count: {
    program: [
      stream("L"),
      { let: "g", op: "groupByKey", on: "L" },
      { let: "c", op: "count", on: "g", store: { name: "S" } },
      ...out("c"),
    ],
    input: { L: lines },
  },
  "aggregate behind a repartition": {
    program: [
      stream("L"),
      { let: "g", op: "groupBy", on: "L", fn: ["part", 0] },
      { let: "n", op: "aggregate", on: "g", init: "zero", fn: "sumLength", store: { name: "S" } },
      ...out("n"),
    ],
    input: { L: lines },
  },
  "reduce of a table": {
    program: [
      table("T"),
      { let: "g", op: "groupBy", on: "T", key: ["part", 0], value: ["number", 1] },
      { let: "r", op: "reduce", on: "g", fn: "sum", subtract: "subtract", store: { name: "S" } },
      ...out("r"),
    ],
    input: { T: lines },
  },
  "tumbling windows": windowed({ kind: "tumbling", size: 500, grace: 10_000 }),
  "hopping windows": windowed({ kind: "hopping", size: 500, advance: 200, grace: 10_000 }),
  "session windows": windowed({ kind: "session", gap: 100, grace: 10_000 }),
  "sliding windows": windowed({ kind: "sliding", difference: 150, grace: 10_000 }),
  "suppress until a window closes": {
    program: [
      ...windowedCount({ kind: "tumbling", size: 250, grace: 100 }),
      ...suppress("c", "close"),
    ],
    input: { L: uneven },
  },
  "suppress until a session closes": {
    program: [
      ...windowedCount({ kind: "session", gap: 100, grace: 100 }),
      ...suppress("c", "close"),
    ],
    input: { L: uneven },
  },
  "suppress for a time": {
    program: [table("T"), ...suppress("T", { limit: 200 })],
    // No key comes again once it was let out: restored, Kafka would have it wait since its very first record.
    input: { T: (index) => [`key ${Math.floor((index + 1) / 2)}`, `${index}`] },
  },
  "stream-table join": {
    program: [
      table("T"),
      stream("L"),
      { let: "j", op: "leftJoin", on: "L", with: "T", fn: "pair" },
      { op: "to", on: "j", topic: "out" },
    ],
    input: { T: (index) => [`key ${index % 5}`, `t${index}`], L: lines },
  },
  "table-table join": {
    program: [
      table("T"),
      table("U"),
      { let: "j", op: "outerJoin", on: "T", with: "U", fn: "pair", store: { name: "J" } },
      ...out("j"),
    ],
    input: { T: lines, U: (index) => [`key ${index % 9}`, `u${index}`] },
  },
  "foreign-key join": {
    program: [
      table("T"),
      table("U"),
      {
        let: "j",
        op: "leftJoin",
        on: "T",
        with: "U",
        foreignKey: ["part", 0],
        fn: "pair",
        store: { name: "J" },
      },
      ...out("j"),
    ],
    input: { T: lines, U: (index) => [`${index % 4}`, `u${index}`] },
  },
  "stream-stream join": {
    program: [
      stream("L"),
      stream("R"),
      {
        let: "j",
        op: "join",
        on: "L",
        with: "R",
        fn: "pair",
        window: { difference: 1_500, grace: 10_000 },
      },
      { op: "to", on: "j", topic: "out" },
    ],
    input: { L: lines, R: (index) => [`key ${index % 5}`, `r${index}`] },
  },
  "versioned table": {
    program: [
      { ...table("T"), store: { name: "T", type: "versioned", history: 60_000 } },
      stream("L"),
      { let: "j", op: "leftJoin", on: "L", with: "T", fn: "pair" },
      { op: "to", on: "j", topic: "out" },
    ],
    input: { T: (index) => [`key ${index % 5}`, `t${index}`], L: lines },
  },
};

/** Thirds of the input, which go to one application after the other. */
export const partCount = 3;
const recordsPerPart = 24;
const msPerRecord = 25;

export function programOf(name: string): Program {
  const { program, config } = kinds[name];
  const steps = Array.from({ length: partCount }, (_, part) => stepsOf(name, part)).flat();
  return { name, program, ...(config === undefined ? {} : { config }), steps };
}

/** The records of one part: topic by topic, times going on. */
export function stepsOf(name: string, part: number): readonly JsonObject[] {
  const topics = Object.entries(kinds[name].input);
  return topics.flatMap(([pipe, recordOf], turn) =>
    Array.from({ length: recordsPerPart }, (_, at) => {
      const index = part * recordsPerPart + at;
      const [key, value] = recordOf(index);
      const ts = (index + (part * (topics.length - 1) + turn) * recordsPerPart) * msPerRecord;
      return { pipe, key, value, ts };
    }),
  );
}
