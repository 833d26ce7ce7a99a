import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";

import { allLinesOf, idOf, payloadOf, recordsOf, type Everything } from "../everything.ts";
import { linesTopic, resultsTopic, rowsTopic, type InputTopic } from "../topics.ts";
import { judgeTable, lastResults } from "./judge-results.ts";
import { drawKey, pick, type SimulatedProgram } from "./simulated-program.ts";

const texts = { key: string(), value: string() };
/** What stands for a row that was deleted. */
const goneText = "gone";
const isThere = (text: string): boolean => payloadOf(text) !== goneText;

const base: Pick<SimulatedProgram, "outputs" | "isClosed" | "isTimed"> = {
  outputs: [resultsTopic],
  isTimed: true,
  isClosed: false,
};

/** A table's last rows: of each key its line, but for those that say that it is gone. */
function rowsOf(everything: Everything, topic: InputTopic) {
  const rows = new Map<string, { readonly id: string; readonly payload: string }>();
  for (const { key, id, payload } of allLinesOf(everything, topic)) {
    if (payload === goneText) rows.delete(key);
    else rows.set(key, { id, payload });
  }
  return rows;
}

function joinOfTables(operator: "join" | "leftJoin" | "outerJoin"): SimulatedProgram {
  return {
    ...base,
    name: `table-${operator}`,
    draw: (random) => ({
      topic: pick(random, [linesTopic, rowsTopic]),
      key: drawKey(random),
      payload: random.below(4) === 0 ? goneText : "-",
    }),
    build: () => {
      const builder = new StreamsBuilder();
      const left = builder.table(linesTopic, { ...texts, store: "left" }).filter(isThere);
      const right = builder.table(rowsTopic, { ...texts, store: "right" }).filter(isThere);
      const options = { value: string(), store: "joined" } as const;
      const results = {
        join: () => left.join(right, pairOf, options),
        leftJoin: () => left.leftJoin(right, pairOf, options),
        outerJoin: () => left.outerJoin(right, pairOf, options),
      }[operator]();
      results.toStream().to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const left = rowsOf(everything, linesTopic);
      const right = rowsOf(everything, rowsTopic);
      const expected = new Map<string, string>();
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        const [one, other] = [left.get(key), right.get(key)];
        if (one === undefined && operator !== "outerJoin") continue;
        if (other === undefined && operator === "join") continue;
        expected.set(key, `${one?.id ?? "-"}+${other?.id ?? "-"}`);
      }
      // As in Kafka: where both rows were deleted while they were in caches, neither of their deletes meets the other
      // one, and the result of an inner join stays.
      const deleted = (topic: InputTopic): ReadonlySet<string> =>
        new Set(
          allLinesOf(everything, topic)
            .filter(({ payload }) => payload === goneText)
            .map(({ key }) => key),
        );
      const [one, other] = [deleted(linesTopic), deleted(rowsTopic)];
      const maySurvive = (key: string): boolean =>
        operator === "join" && !expected.has(key) && one.has(key) && other.has(key);
      return judgeTable(everything, expected, (key) => !maySurvive(key));
    },
  };
}

function joinByForeignKey(operator: "join" | "leftJoin"): SimulatedProgram {
  return {
    ...base,
    name: `foreign-key-${operator}`,
    draw: (random) => {
      const isLeft = random.below(3) > 0;
      const other = isLeft ? drawForeignKey(random.below(3)) : "-";
      return {
        topic: isLeft ? linesTopic : rowsTopic,
        key: isLeft ? drawKey(random, 2) : drawForeignKey(random.below(3)),
        payload: random.below(8) === 0 ? goneText : other,
      };
    },
    build: () => {
      const builder = new StreamsBuilder();
      const left = builder.table(linesTopic, { ...texts, store: "left" }).filter(isThere);
      const right = builder.table(rowsTopic, { ...texts, store: "right" }).filter(isThere);
      const options = { foreignKey: payloadOf, value: string(), store: "joined" } as const;
      const results =
        operator === "join"
          ? left.join(right, pairOf, options)
          : left.leftJoin(right, pairOf, options);
      results.toStream().to(resultsTopic, texts);
      return builder.build();
    },
    judge: (everything) => {
      const right = rowsOf(everything, rowsTopic);
      const expected = new Map<string, string>();
      for (const [key, { id, payload }] of rowsOf(everything, linesTopic)) {
        const other = right.get(payload);
        if (other === undefined && operator === "join") continue;
        expected.set(key, `${id}+${other?.id ?? "-"}`);
      }
      // As in Kafka: an inner join's answer that there is nothing is left out where the row has changed since, and there
      // need not be another one. What was told before stays then.
      const told = operator === "join" ? lastResults(everything) : new Map<string, string>();
      for (const [key, result] of told) if (!expected.has(key)) expected.set(key, result);
      return [...judgeTable(everything, expected), ...judgePairs(everything)];
    },
  };
}

/** Whatever was told on the way: a row never stood beside one that it does not point to. */
function judgePairs(everything: Everything): readonly string[] {
  const pointsTo = new Map(
    allLinesOf(everything, linesTopic).map(({ id, payload }) => [id, payload]),
  );
  const keys = new Map(allLinesOf(everything, rowsTopic).map(({ id, key }) => [id, key]));
  return recordsOf(everything, resultsTopic).flatMap(({ key, value }) => {
    const [left, right] = value.split("+");
    const isPair = right !== undefined && right !== "-";
    return isPair && pointsTo.get(left) !== keys.get(right)
      ? [`${key} was ${value}, where ${left} points to ${pointsTo.get(left)}`]
      : [];
  });
}

function drawForeignKey(index: number): string {
  return `f${index}`;
}

function pairOf(left: string | null, right: string | null): string {
  return `${left === null ? "-" : idOf(left)}+${right === null ? "-" : idOf(right)}`;
}

/** How many rows say the same: a row that changes is taken out of one group, and put into another. */
const groupedTable: SimulatedProgram = {
  ...base,
  name: "grouped-table",
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random, 8),
    payload: random.below(6) === 0 ? goneText : `g${random.below(3)}`,
  }),
  build: () => {
    const builder = new StreamsBuilder();
    builder
      .table(linesTopic, { ...texts, store: "rows" })
      .filter(isThere)
      .groupBy((line) => ({ key: payloadOf(line), value: line }), texts)
      .count({ store: "groups" })
      .toStream()
      // Whether a group that is empty has ever been seen to have rows is up to the caches.
      .mapValues((count) => (count === 0 ? "null" : `${count}`))
      .to(resultsTopic, texts);
    return builder.build();
  },
  judge: (everything) => {
    const counts = new Map<string, number>();
    for (const { payload } of rowsOf(everything, linesTopic).values())
      counts.set(payload, (counts.get(payload) ?? 0) + 1);
    return judgeTable(everything, new Map([...counts].map(([key, count]) => [key, `${count}`])));
  },
};

export const tablePrograms: readonly SimulatedProgram[] = [
  joinOfTables("join"),
  joinOfTables("leftJoin"),
  joinOfTables("outerJoin"),
  joinByForeignKey("join"),
  joinByForeignKey("leftJoin"),
  groupedTable,
];
