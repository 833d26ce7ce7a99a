import { Console } from "node:console";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";

import {
  connect,
  EmbeddedCluster,
  StreamsApp,
  StreamsBuilder,
  string,
  type AnyLogger,
} from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { cacheFolder, prepare } from "../interop/run-suite.ts";

/** The loggers that people have, as they are published. */
const published = ["pino@10.4.0", "winston@3.19.0", "bunyan@2.0.5"];
const isWhole = process.env["MILLRACE_VERIFY"] === "1";
let folder: string;
let cluster: EmbeddedCluster;
let load: (name: string) => unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-loggers-"));
  const topics = { lines: 1, copies: 1 };
  cluster = await EmbeddedCluster.start({ data: folder, durability: "memory", topics });
  if (!isWhole) return;
  const cache = cacheFolder("loggers");
  writeFileSync(join(cache, "package.json"), '{ "private": true }\n');
  const names = published.map((one) => one.split("@")[0]);
  if (!names.every((name) => existsSync(join(cache, "node_modules", name))))
    await prepare("npm", ["install", "--no-audit", "--no-fund", ...published], {
      cwd: cache,
      timeoutMs: 120_000,
    });
  load = createRequire(join(cache, "package.json"));
}, 150_000);

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

class Lines extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a running application has a logger write as it leaves a record out, and passes an error over. */
async function written(
  make: (stream: Lines) => AnyLogger,
  applicationId: string,
): Promise<{ readonly dropped: string; readonly passedOver: string; readonly text: string }> {
  const stream = new Lines();
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { key: string(), value: string() })
    .peek((line) => {
      if (line === "bad") throw new TypeError("cannot take bad");
    })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("copies");
  const app = await StreamsApp.start(builder.build(), {
    applicationId,
    cluster,
    logger: make(stream),
    onProcessingError: "continue",
  });
  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  const producer = client.producer({ key: string(), value: string() });
  await producer.send({ topic: "lines", key: null, value: "nobody's", partition: 0 });
  await producer.send({ topic: "lines", key: "a", value: "bad", partition: 0 });
  const line = (event: string): string =>
    stream.text.split("\n").find((one) => one.includes(event)) ?? "";
  const patience = { timeout: 10_000 };
  await expect.poll(() => line("streams.record-dropped"), patience).not.toBe("");
  await expect.poll(() => line("streams.error-passed-over"), patience).not.toBe("");
  await app.close();
  await client.close();
  return {
    dropped: line("streams.record-dropped"),
    passedOver: line("streams.error-passed-over"),
    text: stream.text,
  };
}

const fields = (application: string) => ({ application, task: "0_0", topic: "lines" });

test("console shows the event, its fields, and errors with their stack", async () => {
  const { text } = await written((stream) => new Console(stream, stream), "console");
  expect(text).toMatch(/streams\.record-dropped \{\n\s+application: 'console',\n\s+thread: 'con/);
  expect(text).toMatch(/TypeError: cannot take bad\n\s+at /);
});

describe.runIf(isWhole)("as published", () => {
  test("pino", async () => {
    const pino = load("pino") as (options: object, stream: Writable) => AnyLogger;
    const { dropped, passedOver, text } = await written(
      (stream) => pino({ level: "info" }, stream),
      "pino",
    );
    expect(JSON.parse(dropped)).toMatchObject({
      level: 40,
      msg: "streams.record-dropped",
      ...fields("pino"),
    });
    expect(JSON.parse(passedOver)).toMatchObject({
      err: { type: "TypeError", message: "cannot take bad", stack: expect.any(String) },
    });
    expect(text).toContain("streams.state-changed");
  });

  test("pino, at a level of its own", async () => {
    const pino = load("pino") as (options: object, stream: Writable) => AnyLogger;
    const { text } = await written((stream) => pino({ level: "warn" }, stream), "pino-warn");
    expect(text).not.toContain("streams.state-changed");
  });

  test("winston", async () => {
    const { createLogger, format, transports } = load("winston") as {
      readonly createLogger: (options: object) => AnyLogger;
      readonly format: { readonly json: () => unknown };
      readonly transports: { readonly Stream: new (options: object) => unknown };
    };
    const { dropped, passedOver } = await written(
      (stream) =>
        createLogger({ format: format.json(), transports: [new transports.Stream({ stream })] }),
      "winston",
    );
    expect(JSON.parse(dropped)).toMatchObject({
      level: "warn",
      message: "streams.record-dropped",
      ...fields("winston"),
    });
    expect(JSON.parse(passedOver)).toMatchObject({
      cause: { name: "TypeError", message: "cannot take bad", stack: expect.any(String) },
    });
  });

  test("bunyan", async () => {
    const { createLogger } = load("bunyan") as {
      readonly createLogger: (options: object) => AnyLogger;
    };
    const serializers = { err: (error: Error) => error.message };
    const { dropped, passedOver } = await written(
      (stream) => createLogger({ name: "orders", stream, serializers }),
      "bunyan",
    );
    expect(JSON.parse(dropped)).toMatchObject({
      level: 40,
      msg: "streams.record-dropped",
      ...fields("bunyan"),
    });
    expect(JSON.parse(passedOver)).toMatchObject({ err: "cannot take bad" });
  });
});
