import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { loadingMillrace, type LoadingMillrace } from "../../test-support/load-millrace.ts";
import { millrace, millraceProcess } from "../../test-support/run-millrace.ts";

// Outside of Vitest, since a module is loaded by Node itself.
let folder: string;
let loading: LoadingMillrace;
const file = (name: string): string => join(folder, name);
const streams = fileURLToPath(new URL("../../../streams/src/index.ts", import.meta.url));
const serde = fileURLToPath(new URL("../../../serde/src/index.ts", import.meta.url));

/** A program that counts lines, in TypeScript, with what it does to them before, and what it exports. */
function write(name: string, before: string, exported: string): void {
  writeFileSync(
    file(name),
    `import { StreamsBuilder } from ${JSON.stringify(streams)};
import { string } from ${JSON.stringify(serde)};
const text = { key: string(), value: string() };
const builder: StreamsBuilder = new StreamsBuilder();
builder.stream("lines", text)${before}.groupByKey().count().toStream().to("counts");
${exported}
`,
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-streams-"));
  loading = loadingMillrace();
  write("old.ts", "", "export default builder;");
  write("new.ts", ".filter((line) => line.length > 3)", "export const topology = builder.build();");
  write("function.ts", "", "export default () => builder.build();");
  write(
    "data.ts",
    "",
    `export default ({ to }: { to: string }) => {
  builder.stream("more", text).to(to);
  return builder.build();
};`,
  );
  write("nothing.ts", "", "export const program = builder;");
  write("number.ts", "", "export default 7;");
  writeFileSync(file("enum.ts"), "\nenum One {\n  two,\n}\n");
  write("broken.ts", ".filter(7)", "export default builder;");
  writeFileSync(file("damaged.json"), "{");
  writeFileSync(file("other.json"), "{}");
  const { out } = await run("describe", file("old.ts"), "--json");
  writeFileSync(file("old.json"), out);
});
afterAll(async () => {
  await loading.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...words: readonly string[]) => loading.run("streams", ...words);

describe("millrace streams describe", () => {
  test("gives Kafka's text, a diagram and JSON, of a module in TypeScript and of a file", async () => {
    for (const name of ["old.ts", "function.ts", "old.json"]) {
      const { code, out, err } = await run("describe", file(name));
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(
        /^Topologies:\n {3}Sub-topology: 0\n {4}Source: KSTREAM-SOURCE-0000000000/,
      );
    }
    const drawn = await run("describe", file("old.json"), "--mermaid");
    expect(drawn).toMatchObject({ code: 0, out: expect.stringMatching(/^flowchart TD\n/) });
    const again = await run("describe", file("old.json"), "--json");
    expect(again.out).toBe((await run("describe", file("old.ts"), "--json")).out);
  });
});

describe("of a module whose function takes data, as those of threads do", () => {
  test("--data gives it", async () => {
    const same = await run("diff", file("data.ts"), file("data.ts"), "--data", '{"to":"there"}');
    expect(same).toMatchObject({ code: 0, out: "nothing has changed\n" });
  });

  test("without it, or with what is no JSON, it is said what to give", async () => {
    const { code, err } = await run("describe", file("data.ts"));
    expect(code).toBe(2);
    expect(err).toMatch(
      /data\.ts: its function takes data, give it by --data JSON: Cannot destructure/,
    );
    const wrong = await millrace(["streams", "describe", file("data.ts"), "--data", "{to"]);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("--data") });
  });
});

describe("millrace streams diff", () => {
  test("ends with 0 where state survives", async () => {
    const same = await run("diff", file("old.json"), file("function.ts"));
    expect(same).toEqual({ code: 0, out: "nothing has changed\n", err: "" });
  });

  test("ends with 1 where it does not, and tells what to do", async () => {
    const { code, out, err } = await run("diff", file("old.json"), file("new.ts"));
    const store = "KSTREAM-AGGREGATE-STATE-STORE-0000000001";
    expect({ code, err }).toEqual({
      code: 1,
      err: "millrace streams diff: state does not survive: lost 1\n",
    });
    expect(out)
      .toBe(`lost      store ${store} is KSTREAM-AGGREGATE-STATE-STORE-0000000002 now, which begins empty: its name was generated, and its number changed or it was named since
          -> give it its old name: { store: "${store}" }
survives  KSTREAM-FILTER-# is new
stop all instances of the old version before the first new one: they are refused beside each other
`);
    const words = ["streams", "diff", file("old.json"), file("new.ts"), "--json"];
    const json = await millraceProcess("", ...words);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      severity: "lost",
      stateSurvives: false,
      canRunTogether: false,
      changes: [{ kind: "storeRenamed", severity: "lost", subject: store }, {}],
    });
  });
});

test.for([
  [["describe"], "give one file: FILE"],
  [["describe", "old.ts", "--json", "--mermaid"], "give --json or --mermaid"],
  [["describe", "none.ts"], "none.ts"],
  [["describe", "nothing.ts"], "exports no topology"],
  [["describe", "enum.ts"], "enum.ts:2)"],
  [["describe", "number.ts"], "is no topology"],
  [["describe", "broken.ts"], "filter"],
  [["describe", "damaged.json"], "damaged.json"],
  [["describe", "other.json"], "is no description of a topology"],
  [["diff", "old.ts"], "give two files: OLD NEW"],
  [["diff", "old.ts", "none.json"], "none.json"],
] as const)("ends with 2, and one line: streams %s", async ([words, message]) => {
  const [verb, ...names] = words;
  const given = names.map((name) => (name.startsWith("--") ? name : file(name)));
  const { code, out, err } = await run(verb, ...given);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(message);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
});
