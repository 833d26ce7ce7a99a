import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-run-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program that is given as text, until it ends. */
async function outcome(name: string, ending: string) {
  const program = `
    import { EmbeddedCluster, StreamsApp, StreamsBuilder, connect, string } from "millrace";
    const topics = { lines: 1 };
    await using cluster = await EmbeddedCluster.start({ data: ${JSON.stringify(join(folder, name))}, topics });
    const client = connect(cluster);
    await client.producer().send({ topic: "lines", value: "one" });
    await client.close();
    const builder = new StreamsBuilder();
    builder.stream("lines", { value: string() }).foreach(() => { throw new Error("the program is broken"); });
    const options = { applicationId: "a", cluster };
    const empty = new StreamsBuilder();
    empty.stream("elsewhere").foreach(() => {});
    ${ending}`;
  const argv = ["--input-type=module", "--eval", program];
  const child = spawn(process.execPath, argv, { cwd: import.meta.dirname });
  const [told, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { told, code: code as number };
}

function countOf(told: string, sentence: string): number {
  // A stack begins with the message: what is counted is who tells it.
  return told.split("\n").filter((line) => line.includes(sentence)).length;
}

test("what ends a program that is run is told once, in full, and the process ends with 1", async () => {
  const { told, code } = await outcome("run", `await StreamsApp.run(builder.build(), options);`);
  expect(code).toBe(1);
  expect(countOf(told, "lines-0 at offset 0"), told).toBe(1);
  expect(told).not.toContain("streams.application-failed");
  expect(told).toMatch(/lines-0 at offset 0[^]*\[cause\]: Error: the program is broken/);
}, 60_000);

test.each(["run", "start"])(
  "the same of what keeps it from starting: %s",
  async (how) => {
    const { told, code } = await outcome(how, `await StreamsApp.${how}(empty.build(), options);`);
    expect(code).toBe(1);
    expect(countOf(told, "has no topic elsewhere")).toBe(1);
    expect(told).not.toContain("streams.application-failed");
  },
  60_000,
);

test("an application whose end nobody waits for tells it in the log", async () => {
  const waiting = `
    const app = await StreamsApp.start(builder.build(), options);
    while (app.state !== "failed") await new Promise((resolve) => setTimeout(resolve, 20));`;
  const { told, code } = await outcome("start", waiting);
  expect(code).toBe(0);
  expect(countOf(told, "streams.application-failed")).toBe(1);
}, 60_000);
