import type { Program } from "../../conformance/program.ts";

/** Of event time, in milliseconds. */
export const windowMs = 10_000;
export const joinMs = 400;
/** So that nothing is ever late, however long a partition was away. */
const graceMs = 365 * 86_400_000;

/**
 * Words are counted in windows behind a repartition, joined with a stream and with a table, and told by a timer: with
 * nothing late, and no wall clock, so that no restart changes what comes out.
 */
export const program: Program = {
  name: "faults",
  config: { guarantee: "exactlyOnce", stores: "rocksdb" },
  program: [
    { let: "L", op: "stream", topics: ["L"] },
    { let: "R", op: "stream", topics: ["R"] },
    { let: "T", op: "table", topic: "T", store: { name: "T" } },
    { let: "g", op: "groupBy", on: "L", fn: ["part", 0] },
    {
      let: "w",
      op: "windowedBy",
      on: "g",
      window: { kind: "tumbling", size: windowMs, grace: graceMs },
    },
    { let: "c", op: "count", on: "w", store: { name: "counts" } },
    { let: "s", op: "toStream", on: "c" },
    { op: "to", on: "s", topic: "counts" },
    {
      let: "j",
      op: "join",
      on: "L",
      with: "R",
      fn: "pair",
      window: { difference: joinMs, grace: graceMs },
    },
    { op: "to", on: "j", topic: "joined" },
    { let: "e", op: "join", on: "L", with: "T", fn: "pair" },
    { op: "to", on: "e", topic: "enriched" },
    { op: "stateStore", name: "pending", value: "int64" },
    {
      let: "p",
      op: "process",
      on: "L",
      processor: {
        kind: "counts",
        store: "pending",
        every: [{ type: "stream", interval: 1000 }],
        clear: true,
      },
    },
    { op: "to", on: "p", topic: "ticks" },
  ],
  steps: [],
};
