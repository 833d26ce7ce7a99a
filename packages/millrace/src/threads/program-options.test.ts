import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { string } from "@millrace/serde";
import { ApplicationError, StreamsBuilder } from "@millrace/streams";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { connect } from "../connect.ts";
import { StreamsApp } from "../streams-app.ts";
import type { StreamsOptions } from "../streams-options.ts";
import { programOptions } from "./program-options.ts";
import { loadProgram } from "./thread-program.ts";

const module = new URL("file:///app/topology.ts");
const given: StreamsOptions = { applicationId: "a", cluster: "localhost:9092" };

describe("the options of an application whose program is a module", () => {
  test("are those of both", () => {
    const all = programOptions(
      module,
      { ...given, serve: undefined },
      { commitInterval: 5, serve: {} },
    );
    expect(all).toEqual({ ...given, commitInterval: 5, serve: {} });
  });

  test("one that both give is refused, and not decided in silence", () => {
    for (const own of [{ applicationId: "b" }, { cluster: "elsewhere:9092" }])
      expect(() => programOptions(module, given, own)).toThrow(
        `${Object.keys(own)[0]} is given to StreamsApp.start and by the options of ${module.href}`,
      );
  });

  test("a logger may be the application's and each thread's", () => {
    const options = programOptions(module, { ...given, logger: console }, { logger: console });
    expect(options.logger).toBe(console);
  });

  test("a client of the caller's is for its own thread, and the module makes one for each", async () => {
    await using client = connect({ bootstrapServers: "localhost:1" });
    const mine = { ...given, cluster: client };
    expect(() => programOptions(module, mine, {})).toThrow(
      /cannot be sent to threads; give its address/,
    );
    expect(programOptions(module, mine, { cluster: "localhost:1" }).cluster).toBe(client);
  });
});

test("a module that is never loaded, such as one that waits for its own application, is refused", async () => {
  const { timers } = nodePlatform();
  const waiting = new URL("data:text/javascript,await new Promise(() => {})");
  const loading = loadProgram({ module: waiting, data: undefined, timers, timeoutMs: 20 });
  await expect(loading).rejects.toMatchObject({ code: "PROGRAM_NOT_LOADED" });
  const signal = AbortSignal.abort(new Error("given up"));
  const aborted = loadProgram({ module: waiting, data: undefined, timers, signal });
  await expect(aborted).rejects.toThrow("given up");
});

test.for([
  ["its default function", "export default () => new Promise(() => {})"],
  [
    "its function options",
    "export default () => globalThis.madeTopology; export const options = async () => new Promise(() => {})",
  ],
] as const)("a module of which %s never settles is refused", async ([named, source]) => {
  const { timers } = nodePlatform();
  const builder = new StreamsBuilder();
  builder.stream("words", { key: string(), value: string() }).to("told");
  vi.stubGlobal("madeTopology", builder.build());
  onTestFinished(() => void vi.unstubAllGlobals());
  const module = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const failure = await loadProgram({ module, data: undefined, timers, timeoutMs: 20 }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: "PROGRAM_NOT_LOADED" });
  expect(String(failure)).toContain(`${named} of ${module.href}`);
  const given = new AbortController();
  const aborted = loadProgram({ module, data: undefined, timers, signal: given.signal });
  given.abort(new Error("given up"));
  await expect(aborted).rejects.toThrow("given up");
});

test("a module that gives no topology is told by name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-program-"));
  const module = pathToFileURL(join(folder, "program.mjs"));
  writeFileSync(module, "export default () => ({});\n");
  try {
    const loaded = loadProgram({ module, data: undefined, timers: nodePlatform().timers });
    await expect(loaded).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: `the default function of ${module.href} gave an object; have it give a topology, as builder.build() does`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a module that is given by a text is told how its address is given", async () => {
  const program = "./topology.ts" as unknown as URL; // as in JavaScript
  await expect(StreamsApp.start(program, given)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining('new URL("./topology.ts", import.meta.url)'),
  });
});

test("an address that was not compiled with the program is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-program-"));
  const module = pathToFileURL(join(folder, "program.ts"));
  writeFileSync(join(folder, "program.js"), "export default () => undefined;\n");
  try {
    const loaded = loadProgram({ module, data: undefined, timers: nodePlatform().timers });
    await expect(loaded).rejects.toMatchObject({
      code: "PROGRAM_NOT_LOADED",
      message: `${module.href} is not there. A compiled program is in files of .js, and the compiler leaves addresses in texts as they are: give new URL("./program.js", import.meta.url) there`,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["a mistake of JavaScript", ".mjs", "const one two;\n", SyntaxError, 0],
  ["a mistake of TypeScript", ".ts", "\nconst one two;\n", SyntaxError, 2],
  ["what Node cannot strip", ".ts", "\nenum One {\n  two,\n}\n", SyntaxError, 2],
  ["a module that is not there", ".ts", 'import "./nowhere.ts";\n', Error, 0],
  ["what it throws", ".ts", 'throw new TypeError("no key");\n', TypeError, 0],
])(
  "a module that cannot be loaded is told by name: %s",
  async (...[, kind, text, family, line]) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-program-"));
    const module = pathToFileURL(join(folder, `program${kind}`));
    writeFileSync(module, text);
    try {
      const { timers } = nodePlatform();
      const failure = await loadProgram({ module, data: undefined, timers }).then(
        () => new Error("it was loaded"),
        (error: Error) => error,
      );
      expect(failure).toBeInstanceOf(ApplicationError);
      expect(failure).toMatchObject({ code: "PROGRAM_NOT_LOADED", cause: expect.any(family) });
      const { message } = failure.cause as Error;
      const told = failure.message.replaceAll("file://", ""); // Node tells paths or addresses
      expect(told).toBe(
        line > 0
          ? `${module.pathname} could not be loaded: ${message} (at ${module.pathname}:${line})`
          : `${module.pathname}, or a module that it imports, could not be loaded: ${message}`,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
