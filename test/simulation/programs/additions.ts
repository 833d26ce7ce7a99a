import { optional, string } from "@millrace/serde";
import { calendar, countWindows, StreamsBuilder, type Topology } from "@millrace/streams";

import { idOf, linesOf, partitions, payloadOf, type Everything, type Line } from "../everything.ts";
import { linesTopic, resultsTopic } from "../topics.ts";
import { isInTime, judgeFinals, judgeGrowth, judgeOnce, judgeTable } from "./judge-results.ts";
import { closingKey, drawKey, type SimulatedProgram } from "./simulated-program.ts";
import type { Contents } from "./window-contents.ts";

const texts = { key: string(), value: string() };
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** All that the lines say is looked at in the order of their offsets: no restart changes what comes of them. */
const lateMsMax = 6_000;

function begin() {
  const builder = new StreamsBuilder();
  return { builder, lines: builder.stream(linesTopic, texts) };
}

/** An aggregate is the ids of its lines. */
const noIds = (): string => "";
const withId = (ids: string, line: string): string => `${ids}${idOf(line)} `;

function program(
  name: string,
  parts: Pick<SimulatedProgram, "draw" | "build" | "judge"> & Partial<SimulatedProgram>,
): SimulatedProgram {
  return { name, outputs: [resultsTopic], isTimed: true, isClosed: false, ...parts };
}

/** The lines of each partition, in their order. */
function linesByPartition(everything: Everything): readonly (readonly Line[])[] {
  return partitions.map((partition) => linesOf(everything, linesTopic, partition));
}

/** From 2025 on to the middle of 2026: a day has 25 hours at its end in October, as the clocks go back at 01:00 UTC. */
const summerEndsMs = Date.UTC(2025, 9, 26, 1);
const summerBeginsMs = Date.UTC(2026, 2, 29, 1);

function berlinOffsetMs(timeMs: number): number {
  return timeMs < summerEndsMs || timeMs >= summerBeginsMs ? 2 * hourMs : hourMs;
}

/** When the day of a number began, in Berlin: no clock is changed at midnight there. */
function startOfDay(day: number): number {
  const midnightMs = day * dayMs;
  const earlyMs = midnightMs - 2 * hourMs;
  return midnightMs - berlinOffsetMs(earlyMs);
}

function dayOf(timeMs: number): number {
  return Math.floor((timeMs + berlinOffsetMs(timeMs)) / dayMs);
}

const calendarDays = program("calendar-days", {
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random, 2),
    payload: "-",
    lateMs: (66 + random.below(4)) * dayMs - random.below(dayMs), // around the 26th of October
  }),
  build: () => {
    const { builder, lines } = begin();
    lines
      .groupByKey()
      .windowedBy(calendar("day", { timeZone: "Europe/Berlin", grace: "100d" }))
      .aggregate(noIds, withId, { store: "days", value: string() })
      .toStream((_ids, { key, window }) => `${key}@${window.start}-${window.end}`)
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const expected = new Map<string, string[]>();
    for (const { key, id, timestamp } of linesByPartition(everything).flat()) {
      const day = dayOf(timestamp);
      const name = `${key}@${startOfDay(day)}-${startOfDay(day + 1)}`;
      expected.set(name, [...(expected.get(name) ?? []), id]);
    }
    return judgeGrowth(everything, expected);
  },
});

const countedSize = 4;
const countedAdvance = 2;

/** Windows of the lines of a key, as they came. */
function countedContents(everything: Everything, isFull: boolean): Contents {
  const contents = new Map<string, readonly string[]>();
  for (const lines of linesByPartition(everything))
    for (const [key, own] of Map.groupBy(lines, (line) => line.key))
      for (let index = 0; index * countedAdvance < own.length; index++) {
        const from = index * countedAdvance;
        const ids = own.slice(from, from + countedSize).map(({ id }) => id);
        if (!isFull || ids.length === countedSize) contents.set(`${key}@${index}`, ids);
      }
  return contents;
}

function countProgram(strategy: "onWindowUpdate" | "onWindowClose"): SimulatedProgram {
  const isClosing = strategy === "onWindowClose";
  return program(isClosing ? "count-windows-on-close" : "count-windows", {
    draw: drawLate,
    build: () => {
      const { builder, lines } = begin();
      lines
        .groupByKey()
        .windowedBy(countWindows(countedSize, { advance: countedAdvance }))
        .emitStrategy(strategy)
        .aggregate(noIds, withId, { store: "counted", value: string() })
        .toStream((_ids, { key, index }) => `${key}@${index}`)
        .to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const expected = countedContents(everything, isClosing);
      return isClosing ? judgeFinals(everything, expected) : judgeGrowth(everything, expected);
    },
  });
}

const drawLate: SimulatedProgram["draw"] = (random) => ({
  topic: linesTopic,
  key: drawKey(random),
  payload: "-",
  ...(random.below(4) === 0 ? { lateMs: random.below(lateMsMax) } : {}),
});

const rememberedMs = 15_000;

const deduplicate = program("deduplicate", {
  draw: (random) => ({
    ...drawLate(random),
    key: drawKey(random, 2),
    payload: `e${random.below(3)}`,
    ...(random.below(3) === 0 ? { lateMs: random.below(rememberedMs) } : {}),
  }),
  build: () => {
    const { builder, lines } = begin();
    lines
      .deduplicate((line, key) => `${key} ${payloadOf(line)}`, {
        within: rememberedMs,
        id: string(),
        store: "passed",
      })
      .mapValues(idOf)
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const expected: string[] = [];
    for (const lines of linesByPartition(everything)) {
      const passedMs = new Map<string, number>();
      let nowMs = -1;
      for (const { id, key, payload, timestamp } of lines) {
        nowMs = Math.max(nowMs, timestamp);
        const name = `${key} ${payload}`;
        if ((passedMs.get(name) ?? -Infinity) > nowMs - rememberedMs) continue;
        passedMs.set(name, nowMs);
        expected.push(id);
      }
    }
    return judgeOnce(everything, expected);
  },
});

const greatestCount = 3;
const pointsOf = (line: string): number => Number(payloadOf(line).split(" ").at(-1));
const idsOf = (lines: readonly string[] | null): string =>
  lines === null || lines.length === 0 ? "null" : lines.map(idOf).join(" ");

/** The greatest lines of each key that ever came; of equal ones the first. */
const topOfStream = program("top-n", {
  draw: (random) => ({ ...drawLate(random), payload: `${random.below(20)}` }),
  build: () => {
    const { builder, lines } = begin();
    lines
      .groupByKey()
      .topN(greatestCount, pointsOf, { store: "greatest" })
      .toStream()
      .mapValues(idsOf)
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const expected = new Map<string, string>();
    const byKey = Map.groupBy(linesByPartition(everything).flat(), ({ key }) => key);
    for (const [key, own] of byKey) {
      const sorted = own.toSorted((left, right) => Number(right.payload) - Number(left.payload));
      const greatest = sorted.slice(0, greatestCount);
      expected.set(key, greatest.map(({ id }) => id).join(" "));
    }
    return judgeTable(everything, expected);
  },
});

/** The greatest rows of each group, as rows change, and move from one to another. */
const topOfTable = program("top-n-of-table", {
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random, 8),
    payload: `g${random.below(2)} ${random.below(1_000_000_000)}`, // no two are equal
  }),
  build: () => {
    const builder = new StreamsBuilder();
    builder
      .table(linesTopic, { ...texts, store: "rows" })
      .groupBy((line) => ({ key: payloadOf(line).split(" ")[0], value: line }), texts)
      .topN(greatestCount, pointsOf, { store: "greatest" })
      .toStream()
      .mapValues(idsOf)
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const rows = new Map(linesByPartition(everything).flatMap(lastOfKeys));
    const expected = new Map<string, string>();
    const byPoints = [...rows.values()].toSorted((left, right) => pointsIn(right) - pointsIn(left));
    for (const [group, own] of Map.groupBy(byPoints, ({ payload }) => payload.split(" ")[0])) {
      const greatest = own.slice(0, greatestCount);
      expected.set(group, greatest.map(({ id }) => id).join(" "));
    }
    return judgeTable(everything, expected);
  },
});

function lastOfKeys(lines: readonly Line[]): readonly (readonly [string, Line])[] {
  return lines.map((line) => [line.key, line] as const);
}

function pointsIn({ payload }: Line): number {
  return Number(payload.split(" ")[1]);
}

const toleranceMs = 8_000;
const graceMs = 6_000;
const measured = "measured";

/** Each line finds the last measurement that is not younger, and not too old. */
const asOfJoin = program("as-of-join", {
  isClosed: true,
  draw: (random) => ({ ...drawLate(random), payload: random.below(2) === 0 ? measured : "-" }),
  build: () => {
    const { builder, lines } = begin();
    lines
      .filter((line) => payloadOf(line) !== measured)
      .asOfJoin(
        lines.filter((line) => payloadOf(line) === measured),
        (line, found) => `${idOf(line)}+${found === null ? "-" : idOf(found)}`,
        { tolerance: toleranceMs, grace: graceMs, value: string(), store: "measurements" },
      )
      .filter((_result, key) => key !== closingKey)
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const expected: string[] = [];
    for (const lines of linesByPartition(everything)) {
      const own = lines.filter(({ key }) => key !== closingKey);
      // What is later than the grace is joined with what is still kept.
      if (!isInTime(own, graceMs)) return [];
      for (const { id, key, payload, timestamp } of own) {
        if (payload === measured) continue;
        let found: Line | undefined;
        for (const other of own) {
          const isFitting = other.payload === measured && other.key === key;
          if (!isFitting || other.timestamp > timestamp) continue;
          if (other.timestamp < timestamp - toleranceMs) continue;
          if (found === undefined || other.timestamp >= found.timestamp) found = other;
        }
        expected.push(`${id}+${found?.id ?? "-"}`);
      }
    }
    return judgeOnce(everything, expected);
  },
});

const ttlMs = 12_000;

/** Rows that were not written for a while are gone, and begin anew. */
const expiring = program("expiring-table", {
  draw: (random) => ({
    ...drawLate(random),
    ...(random.below(6) === 0 ? { lateMs: random.below(2 * ttlMs) } : {}),
    key: drawKey(random, 8),
  }),
  build: (): Topology => {
    const { builder, lines } = begin();
    lines
      .groupByKey()
      .aggregate(noIds, withId, { store: { name: "rows", ttl: ttlMs }, value: string() })
      .toStream()
      .to(resultsTopic, { key: string(), value: optional(string()) });
    return builder.build();
  },
  judge: (everything) => {
    const expected = new Map<string, string>();
    for (const lines of linesByPartition(everything)) {
      const rows = new Map<string, { readonly ids: string; readonly timestamp: number }>();
      let nowMs = -1;
      for (const { id, key, timestamp } of lines) {
        nowMs = Math.max(nowMs, timestamp);
        for (const [name, row] of rows) if (row.timestamp + ttlMs <= nowMs) rows.delete(name);
        if (timestamp + ttlMs <= nowMs) continue;
        const before = rows.get(key);
        rows.set(key, {
          ids: withId(before?.ids ?? "", id),
          timestamp: Math.max(timestamp, before?.timestamp ?? -1),
        });
      }
      for (const [key, { ids }] of rows) expected.set(key, ids);
    }
    return judgeTable(everything, expected);
  },
});

export const additionPrograms: readonly SimulatedProgram[] = [
  calendarDays,
  countProgram("onWindowUpdate"),
  countProgram("onWindowClose"),
  deduplicate,
  topOfStream,
  topOfTable,
  asOfJoin,
  expiring,
];
