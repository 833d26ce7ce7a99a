import { beforeAll, expect, test } from "vitest";

import { ProgramPlan } from "../plan-program.ts";
import { judgedTables } from "./judged-tables.ts";
import { placeProgram } from "./placed-program.ts";

const programs = judgedTables().map(({ program }) => program);
/** Statements and description of each. */
let texts: readonly string[];

beforeAll(() => {
  texts = programs.map((program) => {
    const { topology } = new ProgramPlan().build(placeProgram(program, "app").program);
    return JSON.stringify(program.program) + topology.describe();
  });
});

test("as many programs are killed on the way as there should be, each once", () => {
  const names = programs.map(({ name }) => name);
  const generated = names.filter((name) => name.startsWith("random/"));
  expect(generated.length).toBeGreaterThanOrEqual(60);
  expect(names.length - generated.length).toBeGreaterThanOrEqual(120);
  expect(new Set(names).size).toBe(names.length);
});

/** What is seen of a kind in a program's statements, or in its description. */
const kinds = {
  "tumbling windows": /"kind":"tumbling"/,
  "hopping windows": /"kind":"hopping"/,
  "sliding windows": /"kind":"sliding"/,
  "session windows": /"kind":"session"/,
  "unlimited windows": /"kind":"unlimited"/,
  "joins of streams": /KSTREAM-JOINTHIS/,
  "joins with tables": /KSTREAM-JOIN-/,
  "left joins with tables": /KSTREAM-LEFTJOIN-/,
  "joins with global tables": /"op":"globalTable"[^]*"op":"(leftJ|j)oin"/,
  "joins of tables": /KTABLE-JOINTHIS/,
  "outer joins of tables": /"op":"outerJoin"/,
  "joins by foreign key": /KTABLE-FK-JOIN-SUBSCRIPTION/,
  "left joins by foreign key": /"op":"leftJoin"[^}]*"foreignKey"/,
  suppress: /KTABLE-SUPPRESS/,
  "left joins of streams": /"op":"leftJoin"[^}]*"window"/,
  "outer joins of streams": /KSTREAM-OUTERTHIS/,
  "emission on close of tumbling windows": /"kind":"tumbling"[^]*"emit":"close"/,
  "emission on close of hopping windows": /"kind":"hopping"[^]*"emit":"close"/,
  "emission on close of sessions": /"kind":"session"[^]*"emit":"close"/,
  cogroup: /COGROUPKSTREAM/,
  "versioned tables": /"type":"versioned"/,
  "groups of tables": /KTABLE-REDUCE|"subtract"/,
  "processors with stores": /"op":"process(Values)?"[^}]*"store":/,
  repartitions: /-repartition/,
};

test.for(Object.entries(kinds))("%s are among them", ([, sign]) => {
  expect(texts.filter((text) => sign.test(text))).not.toEqual([]);
});
