import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterAll, beforeAll, expect, test } from "vitest";

import { connect } from "./connect.ts";
import { EmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { StreamsApp } from "./streams-app.ts";
import type { StreamsOptions } from "./streams-options.ts";

let folder: string;
let cluster: EmbeddedCluster;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-logger-"));
  const topics = { lines: 1, copies: 1 };
  cluster = await EmbeddedCluster.start({ data: folder, durability: "memory", topics });
});
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

type Fields = Readonly<Record<string, unknown>>;

/** As pino has its methods. */
function pinoLike(take: (level: string, fields: Fields, message: string) => void) {
  const method = (level: string) => (fields: Fields, message: string) =>
    take(level, fields, message);
  const logger = {
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
    child: () => logger,
    isLevelEnabled: (level: string) => level !== "debug",
  };
  return logger;
}

async function run(more: Partial<StreamsOptions>, applicationId: string): Promise<void> {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { key: string(), value: string() })
    .groupByKey()
    .count()
    .toStream()
    .to("copies");
  const app = await StreamsApp.start(builder.build(), { applicationId, cluster, ...more });
  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  const producer = client.producer({ value: string() });
  // Without a key it is left out, and the log says so.
  await producer.send({ topic: "lines", value: "one", partition: 0 });
  const dropped = () =>
    app.metrics().find(({ name }) => name === "dropped-records-total")?.value ?? 0;
  await expect.poll(dropped, { timeout: 10_000 }).toBeGreaterThan(0);
  await app.close();
  await client.close();
}

test("a logger of the program's own is told everything, with the application, the thread and the task", async () => {
  const lines: { level: string; fields: Fields; message: string }[] = [];
  const logger = pinoLike((level, fields, message) => lines.push({ level, fields, message }));
  await run({ logger }, "told");
  expect(lines.find(({ message }) => message === "streams.record-dropped")).toEqual({
    level: "warn",
    message: "streams.record-dropped",
    fields: expect.objectContaining({
      application: "told",
      thread: expect.stringMatching(/^told-.*-StreamThread-1$/),
      task: "0_0",
      topic: "lines",
      offset: 0,
    }),
  });
  expect(lines.filter(({ fields }) => fields["application"] !== "told")).toEqual([]);
  expect(lines.some(({ level }) => level === "info")).toBe(true);
});

test("with logLevel the logger is told nothing below it", async () => {
  const levels = new Set<string>();
  await run({ logger: pinoLike((level) => levels.add(level)), logLevel: "warn" }, "bounded");
  expect([...levels]).toEqual(["warn"]);
});

test("a logger that throws ends nothing", async () => {
  let calls = 0;
  const logger = pinoLike(() => {
    calls += 1;
    throw new Error("disk is full");
  });
  await run({ logger, logLevel: "warn" }, "failing");
  expect(calls).toBeGreaterThan(0);
});

test("what is no logger is refused before anything is started", async () => {
  const logger = { info: () => {} } as never;
  await expect(run({ logger }, "refused")).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringMatching(/logger .*debug, info, warn and error/),
  });
});

test("a client takes such a logger too", async () => {
  const told: string[] = [];
  const logger = pinoLike((_level, _fields, message) => told.push(message));
  const client = connect({ bootstrapServers: "127.0.0.1:1", bootstrapTimeout: 400, logger });
  await expect(client.admin.listTopics()).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
  await client.close();
  expect(told).toEqual(["client.no-broker-yet"]);
  expect(() => connect({ bootstrapServers: "127.0.0.1:1", logger: {} as never })).toThrow(
    /debug, info, warn and error/,
  );
});
