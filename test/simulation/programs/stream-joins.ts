import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";

import {
  idOf,
  linesOf,
  partitions,
  payloadOf,
  recordsOf,
  type Everything,
  type Line,
} from "../everything.ts";
import { linesTopic, resultsTopic, rowsTopic } from "../topics.ts";
import { isInTime, judgeOnce } from "./judge-results.ts";
import { closingKey, drawKey, type SimulatedProgram } from "./simulated-program.ts";

const withinMs = 10_000;
const graceMs = 4_000;
const lateMsMax = 3_000;

const texts = { key: string(), value: string() };

type Operator = "join" | "leftJoin" | "outerJoin";

interface Sides {
  readonly left: readonly Line[];
  readonly right: readonly Line[];
}

/** Both sides come from one topic, so that what meets whom depends on nothing but the order there. */
function joinOfOneTopic(operator: Operator): SimulatedProgram {
  return {
    name: `${operator}-of-one-topic`,
    outputs: [resultsTopic],
    isTimed: true,
    isClosed: true,
    draw: (random) => ({
      topic: linesTopic,
      key: drawKey(random),
      payload: random.below(2) === 0 ? "left" : "right",
      ...(random.below(4) === 0 ? { lateMs: random.below(lateMsMax) } : {}),
    }),
    build: () => {
      const builder = new StreamsBuilder();
      const lines = builder.stream(linesTopic, texts);
      const left = lines.filter((line) => payloadOf(line) !== "right");
      const right = lines.filter((line) => payloadOf(line) === "right");
      return joined(builder, operator, { left, right });
    },
    judge: (everything) => {
      const expected: string[] = [];
      for (const partition of partitions) {
        const own = judgedLines(everything, linesTopic, partition);
        // A result with nobody and one with somebody may both be right then.
        if (!isInTime(own, graceMs)) return [];
        const left = own.filter(({ payload }) => payload !== "right");
        const right = own.filter(({ payload }) => payload === "right");
        const { pairs, alone } = joinOf({ left, right }, operator);
        expected.push(...pairs, ...alone);
      }
      return judgeOnce(everything, expected);
    },
  };
}

/** Sides that come in any order: all pairs are there once; who meets nobody is alone once, who meets somebody at most. */
function joinOfTwoTopics(operator: Operator): SimulatedProgram {
  return {
    name: `${operator}-of-two-topics`,
    outputs: [resultsTopic],
    isTimed: true,
    isClosed: true,
    draw: (random) => ({
      topic: random.below(2) === 0 ? linesTopic : rowsTopic,
      key: drawKey(random),
      payload: "-",
    }),
    build: () => {
      const builder = new StreamsBuilder();
      const left = builder.stream(linesTopic, texts);
      const right = builder.stream(rowsTopic, texts);
      return joined(builder, operator, { left, right }, "1h");
    },
    judge: (everything) => {
      const pairs: string[] = [];
      const alone: string[] = [];
      const mayBeAlone = new Set<string>();
      for (const partition of partitions) {
        const left = judgedLines(everything, linesTopic, partition);
        const right = judgedLines(everything, rowsTopic, partition);
        const results = joinOf({ left, right }, operator);
        pairs.push(...results.pairs);
        alone.push(...results.alone);
        for (const one of results.mayBeAlone) mayBeAlone.add(one);
      }
      const told = recordsOf(everything, resultsTopic).map(({ value }) => value);
      return judgeOnce(everything, [
        ...pairs,
        ...alone,
        ...new Set(told.filter((result) => mayBeAlone.has(result))),
      ]);
    },
  };
}

type TextStream = ReturnType<typeof streamOf>;
const streamOf = (builder: StreamsBuilder) => builder.stream(linesTopic, texts);

function joined(
  builder: StreamsBuilder,
  operator: Operator,
  { left, right }: { readonly left: TextStream; readonly right: TextStream },
  retention?: "1h",
): Topology {
  const name = "joined";
  const options = {
    within: withinMs,
    grace: graceMs,
    value: string(),
    store: retention === undefined ? { name } : { name, retention },
  };
  const results = {
    join: () => left.join(right, resultOf, options),
    leftJoin: () => left.leftJoin(right, resultOf, options),
    outerJoin: () => left.outerJoin(right, resultOf, options),
  }[operator]();
  results.filter((_result, key) => key !== closingKey).to(resultsTopic, texts);
  return builder.build();
}

function resultOf(left: string | null, right: string | null): string {
  return `${left === null ? "-" : idOf(left)}+${right === null ? "-" : idOf(right)}`;
}

function joinOf({ left, right }: Sides, operator: Operator) {
  const pairs: string[] = [];
  const met = new Set<string>();
  for (const one of left)
    for (const other of right) {
      const isNear = Math.abs(one.timestamp - other.timestamp) <= withinMs;
      if (one.key !== other.key || !isNear) continue;
      pairs.push(`${one.id}+${other.id}`);
      met.add(one.id);
      met.add(other.id);
    }
  const alone: string[] = [];
  const mayBeAlone: string[] = [];
  if (operator !== "join")
    for (const { id } of left) (met.has(id) ? mayBeAlone : alone).push(`${id}+-`);
  if (operator === "outerJoin")
    for (const { id } of right) (met.has(id) ? mayBeAlone : alone).push(`-+${id}`);
  return { pairs, alone, mayBeAlone };
}

function judgedLines(
  everything: Everything,
  topic: typeof linesTopic | typeof rowsTopic,
  partition: number,
): readonly Line[] {
  return linesOf(everything, topic, partition).filter(({ key }) => key !== closingKey);
}

export const streamJoinPrograms: readonly SimulatedProgram[] = [
  joinOfOneTopic("join"),
  joinOfOneTopic("leftJoin"),
  joinOfOneTopic("outerJoin"),
  joinOfTwoTopics("leftJoin"),
  joinOfTwoTopics("outerJoin"),
];
