import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";

import { allLinesOf, idOf, linesOf, partitions, payloadOf, recordsOf } from "../everything.ts";
import { linesTopic, resultsTopic, rowsTopic } from "../topics.ts";
import { isInTime, judgeOnce } from "./judge-results.ts";
import { closingKey, drawKey, type SimulatedProgram } from "./simulated-program.ts";

const texts = { key: string(), value: string() };
const rowPayload = "row";
const graceMs = 6_000;
const lateMsMax = 5_000;

/** Lines are joined with a table of other lines of the same topic: what each finds depends on their order alone. */
const streamTable: SimulatedProgram = {
  name: "stream-table",
  outputs: [resultsTopic],
  isTimed: true,
  isClosed: false,
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random),
    payload: random.below(3) === 0 ? rowPayload : "-",
  }),
  build: () => {
    const builder = new StreamsBuilder();
    const lines = builder.stream(linesTopic, texts);
    const rows = lines.filter((line) => payloadOf(line) === rowPayload).toTable({ store: "rows" });
    lines
      .filter((line) => payloadOf(line) !== rowPayload)
      .leftJoin(rows, pairOf, { value: string() })
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const expected: string[] = [];
    for (const partition of partitions) {
      const rows = new Map<string, string>();
      for (const { key, id, payload } of linesOf(everything, linesTopic, partition)) {
        if (payload === rowPayload) rows.set(key, id);
        else expected.push(`${id}+${rows.get(key) ?? "-"}`);
      }
    }
    return judgeOnce(everything, expected);
  },
};

/** Lines wait for rows that come late, and find the one of their own time. */
function versionedTable(operator: "join" | "leftJoin"): SimulatedProgram {
  return {
    name: `versioned-table-${operator}`,
    outputs: [resultsTopic],
    isTimed: true,
    isClosed: true,
    draw: (random) => ({
      topic: linesTopic,
      key: drawKey(random),
      payload: random.below(2) === 0 ? rowPayload : "-",
      ...(random.below(3) === 0 ? { lateMs: random.below(lateMsMax) } : {}),
    }),
    build: () => {
      const builder = new StreamsBuilder();
      const lines = builder.stream(linesTopic, texts);
      const rows = lines
        .filter((line) => payloadOf(line) === rowPayload)
        .toTable({ store: { name: "rows", historyRetention: "1h" } });
      const others = lines.filter((line) => payloadOf(line) !== rowPayload);
      const options = { value: string(), grace: graceMs } as const;
      const results =
        operator === "join"
          ? others.join(rows, pairOf, options)
          : others.leftJoin(rows, pairOf, options);
      results.filter((_result, key) => key !== closingKey).to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const expected: string[] = [];
      for (const partition of partitions) {
        const lines = linesOf(everything, linesTopic, partition);
        const own = lines.filter(({ key }) => key !== closingKey);
        // Who comes later than the grace waits for nobody.
        if (!isInTime(own, graceMs)) return [];
        for (const { key, id, payload, timestamp } of own) {
          if (payload === rowPayload) continue;
          let found: (typeof own)[number] | undefined;
          for (const row of own) {
            const isOwn = row.payload === rowPayload && row.key === key;
            if (!isOwn || row.timestamp > timestamp) continue;
            if (found === undefined || row.timestamp >= found.timestamp) found = row;
          }
          if (found !== undefined || operator === "leftJoin")
            expected.push(`${id}+${found?.id ?? "-"}`);
        }
      }
      return judgeOnce(everything, expected);
    },
  };
}

/** Lines are joined with a table that every instance has whole: with some row that its key has had, or none. */
const globalTable: SimulatedProgram = {
  name: "global-table",
  outputs: [resultsTopic],
  isTimed: true,
  isClosed: false,
  draw: (random) => {
    const isRow = random.below(3) === 0;
    return {
      topic: isRow ? rowsTopic : linesTopic,
      key: isRow ? `f${random.below(3)}` : drawKey(random),
      payload: isRow ? rowPayload : `f${random.below(3)}`,
    };
  },
  build: () => {
    const builder = new StreamsBuilder();
    const rows = builder.globalTable(rowsTopic, { ...texts, store: "rows" });
    builder
      .stream(linesTopic, texts)
      .leftJoin(rows, pairOf, { keySelector: (line) => payloadOf(line), value: string() })
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const rows = Map.groupBy(allLinesOf(everything, rowsTopic), ({ key }) => key);
    const told = new Map(
      recordsOf(everything, resultsTopic).map(({ value }) => [value.split("+")[0], value]),
    );
    const expected = allLinesOf(everything, linesTopic).map(({ id, payload }) => {
      const result = told.get(id) ?? `${id}+-`;
      const row = result.split("+")[1];
      const isRow = rows.get(payload)?.some((one) => one.id === row) === true;
      return row === "-" || isRow ? result : `${id}+(a row of ${payload})`;
    });
    return judgeOnce(everything, expected);
  },
};

function pairOf(left: string, right: string | null): string {
  return `${idOf(left)}+${right === null ? "-" : idOf(right)}`;
}

export const lookupPrograms: readonly SimulatedProgram[] = [
  streamTable,
  versionedTable("join"),
  versionedTable("leftJoin"),
  globalTable,
];
