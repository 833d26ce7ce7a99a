import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import type { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ask, recordWith, register, startRegistry } from "./registry-world.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-registry-hostile-"));
const platform = nodePlatform({ logLevel: "silent" });
let broker: Broker;
let registry: SchemaRegistryServer;

function startBroker(port: number): Promise<Broker> {
  return Broker.start(platform, {
    dataDirectory: join(folder, "data"),
    port,
    durability: "group",
    properties: { "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 500 },
    codecs: nodeCompression,
  });
}

beforeAll(async () => {
  broker = await startBroker(0);
  registry = await startRegistry(`127.0.0.1:${broker.address.port}`, {
    timeout: "3s",
    // A schema that takes a busy machine seconds is not to cost the seat in the group.
    sessionTimeout: "6s",
  });
});
afterAll(async () => {
  await registry.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

async function post(path: string, body: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(registry.url + path, { method: "POST", body, headers });
  const told = (await answer.json()) as { readonly error_code?: number };
  if (answer.status >= 400) expect(told.error_code).toBeGreaterThanOrEqual(400);
  return answer.status;
}

/** It goes on with its work, at once. */
async function isWell(): Promise<void> {
  const startMs = performance.now();
  expect((await ask(registry.url, "GET /subjects")).status).toBe(200);
  expect(performance.now() - startMs).toBeLessThan(2000);
}

describe("bodies that are no requests", () => {
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth);
  const inText = (schema: string, schemaType: string) => JSON.stringify({ schema, schemaType });
  test.each([
    ["no JSON", "{", 400],
    ["bytes", "\u0000\uffff\ud800", 400],
    ["a list", "[]", 400],
    ["a schema that is a number", '{"schema":1}', 400],
    ["references that are none", '{"schema":"\\"int\\"","references":[1]}', 400],
    ["a version that is none", '{"schema":"\\"int\\"","version":1e99}', 400],
    ["JSON of 100,000 levels", nested("[", "]", 100_000), 400],
    [
      "an Avro schema of 20,000 levels",
      inText(nested('{"type":"array","items":', "}", 20_000), "AVRO"),
      422,
    ],
    [
      "a JSON schema of 20,000 levels",
      inText(`${'{"items":'.repeat(20_000)}true${"}".repeat(20_000)}`, "JSON"),
      422,
    ],
    [
      "a Protobuf schema of 20,000 levels",
      inText(`syntax="proto3";${"message M{".repeat(20_000)}${"}".repeat(20_000)}`, "PROTOBUF"),
      422,
    ],
    ["names of the prototype", '{"__proto__":{"schema":"x"},"constructor":1}', 422],
    ["more than the bound", JSON.stringify({ schema: "x".repeat(3 * 2 ** 20) }), 413],
  ])("%s", async (_, body, status) => {
    expect(await post("/subjects/hostile/versions", body)).toBe(status);
    await isWell();
  });

  test("a schema beyond a record of the topic", async () => {
    const doc = "d".repeat(1.5 * 2 ** 20);
    const schema = JSON.stringify({ type: "record", name: "R", doc, fields: [] });
    const { status, body } = await ask(registry.url, "POST /subjects/large/versions", { schema });
    expect({ status, body }).toMatchObject({ status: 422, body: { error_code: 42209 } });
    expect(await register(registry.url, "small", recordWith("a"))).toBeGreaterThan(0);
  });

  test("JSON schemas whose comparison would not end", async () => {
    let count = 0;
    const nest = (depth: number, type: string): object => {
      if (depth === 0) return { type, title: `t${++count}` };
      return { anyOf: Array.from({ length: 5 }, () => nest(depth - 1, type)) };
    };
    const schema = (type: string) => JSON.stringify(nest(5, type));
    const post = (path: string, type: string) =>
      ask(registry.url, `POST ${path}`, { schema: schema(type), schemaType: "JSON" });
    expect((await post("/subjects/nested/versions", "string")).status).toBe(200);
    const refused = await post("/subjects/nested/versions", "integer");
    expect(refused).toMatchObject({ status: 422, body: { error_code: 42201 } });
    const path = "/compatibility/subjects/nested/versions/latest?verbose=true";
    expect((await post(path, "integer")).body).toMatchObject({ is_compatible: false });
    await isWell();
  });

  test("records of tens of thousands of fields", async () => {
    const wide = (type: string) => {
      const fields = Array.from({ length: 20_000 }, (_, index) => ({ name: `f${index}`, type }));
      return { schema: JSON.stringify({ type: "record", name: "R", fields }) };
    };
    expect((await ask(registry.url, "POST /subjects/wide/versions", wide("int"))).status).toBe(200);
    const refused = await ask(registry.url, "POST /subjects/wide/versions", wide("string"));
    expect(refused.status).toBe(409);
    await isWell();
  });

  test("subjects that look like properties, or are thousands of letters long", async () => {
    for (const subject of ["__proto__", "constructor", "toString", "x".repeat(5000)]) {
      const id = await register(registry.url, subject, recordWith("p"));
      expect((await ask(registry.url, `GET /subjects/${subject}/versions/1`)).body).toMatchObject({
        id,
      });
    }
    expect((await ask(registry.url, "GET /config/hasOwnProperty")).status).toBe(404);
  });
});

test("a thousand connections, idle and slow ones among them, hinder nobody", async () => {
  const { port } = registry.address;
  const sockets: Socket[] = [];
  for (let index = 0; index < 1000; index++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    if (index % 2 === 0)
      socket.write("POST /subjects/s/versions HTTP/1.1\r\nhost: localhost\r\ncontent-le");
    sockets.push(socket);
  }
  await Promise.all(sockets.map((one) => new Promise((resolve) => one.once("connect", resolve))));
  await isWell();
  expect(await register(registry.url, "among", recordWith("many"))).toBeGreaterThan(0);
  for (const socket of sockets) socket.destroy();
});

test("while the broker is away reads go on, writes fail within a bound; once it is back they go on", async () => {
  const { port } = broker.address;
  const id = await register(registry.url, "before", recordWith("before"));
  await broker.close();
  const startMs = performance.now();
  const schema = recordWith("meanwhile");
  const refused = await ask(registry.url, "POST /subjects/meanwhile/versions", { schema });
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect(refused.status).toBe(500);
  expect([50001, 50002, 50004]).toContain(
    (refused.body as { readonly error_code: number }).error_code,
  );
  expect((await ask(registry.url, `GET /schemas/ids/${id}`)).status).toBe(200);
  expect(await register(registry.url, "before", recordWith("before"))).toBe(id);

  broker = await startBroker(port);
  let after = 0;
  for (let attempt = 0; attempt < 160 && after === 0; attempt++) {
    after = await register(registry.url, "after", recordWith("after")).catch(() => 0);
    if (after === 0) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  expect(after).toBeGreaterThan(id);
}, 90_000);

test("a start without a broker is told within startTimeout, and answers 503 until then", async () => {
  const starting = startRegistry("127.0.0.1:1", { port: 0, startTimeout: "1s" });
  await expect(starting).rejects.toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringContaining("cluster is away"),
  });
});

test("a close ends though the broker is away", async () => {
  const other = await startRegistry(`127.0.0.1:${broker.address.port}`, {
    topic: "_closing",
    groupId: "closing",
    timeout: "1s",
  });
  const { port } = broker.address;
  await broker.close();
  const startMs = performance.now();
  await other.close();
  expect(performance.now() - startMs).toBeLessThan(15_000);
  broker = await startBroker(port);
});
