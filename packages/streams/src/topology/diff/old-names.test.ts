import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { StreamsBuilder } from "../../dsl/streams-builder.ts";
import { untilTimeLimit } from "../../dsl/suppressed.ts";
import { diffTopologies } from "./diff-topologies.ts";

const text = { key: string(), value: string() };

interface Names {
  readonly name?: string;
  readonly store?: string;
}

const programs: Readonly<Record<string, (builder: StreamsBuilder, names: Names) => unknown>> = {
  groupBy: (builder, { name }) =>
    builder
      .stream("in", text)
      .groupBy((value) => value, { key: string(), ...(name !== undefined && { name }) })
      .count({ store: "counts" }),
  count: (builder, names) => rekeyed(builder).groupByKey(text).count(names),
  toTable: (builder, names) => rekeyed(builder).toTable(names),
  repartition: (builder, { name }) =>
    builder.stream("in", text).repartition(name === undefined ? {} : { name }),
  "a join by a foreign key": (builder, names) =>
    builder.table("in", text).join(builder.table("other", text), (left) => left, {
      foreignKey: (value) => value,
      value: string(),
      ...names,
    }),
  "a join of streams": (builder, names) =>
    rekeyed(builder).outerJoin(builder.stream("other", text), () => "", { within: "1m", ...names }),
  "a join that waits for versions": (builder, { name }) =>
    rekeyed(builder).join(
      builder.table("other", { ...text, store: { name: "rows", historyRetention: "1h" } }),
      (left) => left,
      { grace: "1m", ...(name !== undefined && { name }) },
    ),
  suppress: (builder, { name }) =>
    builder.table("in", text).suppress(untilTimeLimit("1m"), name === undefined ? {} : { name }),
  deduplicate: (builder, names) =>
    rekeyed(builder).deduplicate((value) => value, { within: "1h", id: string(), ...names }),
  "an as-of join": (builder, names) =>
    rekeyed(builder).asOfJoin(builder.stream("other", text), (left) => left, {
      tolerance: "1m",
      grace: "1m",
      ...names,
    }),
  topN: (builder, names) =>
    builder
      .table("in", text)
      .groupBy((value, key) => ({ key: value, value: key }), text)
      .topN(2, (value) => value.length, names),
  "a table whose rows expire": (builder, { store = "rows" }) =>
    builder.table("in", { ...text, store: { name: store, ttl: "1d" } }),
  "a call that is awaited": (builder, names) =>
    builder.stream("in", text).mapValuesAsync((value) => Promise.resolve(value), names),
};

const rekeyed = (builder: StreamsBuilder) =>
  builder.stream("in", text).selectKey((value) => value, { key: string() });

const changes: readonly (readonly [Names, Names])[] = [
  [{ name: "old" }, { name: "new" }],
  [{ store: "old" }, { store: "new" }],
  [{}, { name: "new" }],
  [{}, { store: "new" }],
];

describe("the advice which name to give again keeps what was there", () => {
  test.each(Object.entries(programs))("of %s", (_operator, write) => {
    const made = (names: Names) => {
      const builder = new StreamsBuilder();
      write(builder, names);
      return builder.build();
    };
    for (const [before, now] of changes) {
      const advised: Record<string, string> = { ...now };
      for (const { severity, advice } of diffTopologies(made(before), made(now)).changes) {
        if (severity === "survives") continue;
        const [, option, name] = /\{ (name|store): "([^"]+)" \}/.exec(advice) ?? [];
        if (option !== undefined) advised[option] = name;
        else {
          expect(advice).toContain("leave the operator without a name");
          delete advised.name;
          delete advised.store;
        }
      }
      expect(diffTopologies(made(before), made(advised)).stateSurvives).toBe(true);
    }
  });
});

test("a join of another kind keeps its records under other names, whatever name it is given", () => {
  const made = (write: (builder: StreamsBuilder) => unknown) => {
    const builder = new StreamsBuilder();
    write(builder);
    return builder.build();
  };
  const options = { within: "1m", store: "kept" } as const;
  const inner = made((builder) =>
    builder.stream("in", text).join(builder.stream("other", text), () => "", options),
  );
  const left = made((builder) =>
    builder.stream("in", text).leftJoin(builder.stream("other", text), () => "", options),
  );
  const [{ subject, advice }] = diffTopologies(inner, left).changes;
  expect(subject).toBe("kept-other-join-store");
  expect(advice).toContain("an operator of another kind cannot have it");
});
