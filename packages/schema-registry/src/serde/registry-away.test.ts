import type { Duration } from "@millrace/model";
import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SerdePendingError } from "@millrace/serde";
import { createServer, type Server } from "node:http";
import { expect, onTestFinished, test } from "vitest";

import { testClient, type Events } from "../../test-support/fake-registry.ts";
import type { SchemaCodec } from "../format/schema-codec.ts";
import { MemorySchemaRegistry } from "../memory/memory-schema-registry.ts";
import { registrySerde, type RegistrySerde } from "./registry-serde.ts";

/** A registry on a port of its own, which can be killed and come back. */
class Registry {
  readonly memory = new MemorySchemaRegistry();
  #port = 0;
  #server: Server | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Uint8Array) => (body += String(chunk)));
      request.on("end", () => {
        response.setHeader("content-type", "application/json");
        const [, , what = "", id] = (request.url ?? "").split("/");
        try {
          const answer =
            request.method === "POST"
              ? this.memory.register(what, JSON.parse(body) as { schema: string })
              : id === undefined || what !== "ids"
                ? this.memory.latestVersion(what)
                : this.memory.schemaById(Number(id));
          response.end(JSON.stringify(answer));
        } catch {
          response.writeHead(404).end('{"error_code":40403,"message":"not there"}');
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as { readonly port: number }).port;
    this.#server = server;
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}

async function registry(): Promise<Registry> {
  const made = new Registry();
  await made.start();
  onTestFinished(() => made.kill());
  return made;
}

const toy: SchemaCodec<string> = {
  name: "toy",
  schemaType: "AVRO",
  ownSchemas: [{ schemaType: "AVRO", text: "A", references: [] }],
  writer: () => ({
    write: (value, prefix) => Uint8Array.from([...prefix, ...encodeUtf8(value)]),
  }),
  reader: ({ text }) => ({ read: (bytes, at) => `${text}:${decodeUtf8(bytes.subarray(at))}` }),
};

function serdeOf({ url }: Registry, logged: Events = [], apiTimeout: Duration = 100) {
  const client = testClient({ url, logged, apiTimeout, requestTimeout: "2s" });
  return registrySerde(toy, { registry: client });
}

const signal = new AbortController().signal;
const use = { topic: "orders", part: "value", reads: true, writes: true } as const;

function pendingOf(serde: RegistrySerde<string>, bytes: Uint8Array): SerdePendingError {
  try {
    serde.deserialize(bytes, "orders");
  } catch (error) {
    if (error instanceof SerdePendingError) return error;
    throw error;
  }
  throw new Error("it did not wait");
}

/** Calls again as whoever drives a serde does. */
async function read(serde: RegistrySerde<string>, bytes: Uint8Array): Promise<string> {
  for (;;) {
    try {
      return serde.deserialize(bytes, "orders");
    } catch (error) {
      if (!(error instanceof SerdePendingError)) throw error;
      await error.ready;
    }
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("REGISTRY-3: away at the start, it is waited for, with a log line, and then all goes on", async () => {
  const server = await registry();
  await server.kill();
  const logged: Events = [];
  const serde = serdeOf(server, logged);
  let isPrepared = false;
  const prepared = serde.prepare(use, signal).then(() => (isPrepared = true));
  await until(() => logged.length > 0);
  expect(logged[0][0]).toBe("schema-registry.unavailable");
  expect(String(logged[0][1]?.["cause"])).toMatch(/does not answer/);
  await new Promise((resolve) => setTimeout(resolve, 250)); // longer than one call may take
  expect(isPrepared).toBe(false);
  await server.start();
  await prepared;
  expect(logged.map(([event]) => event)).toEqual([
    "schema-registry.unavailable",
    "schema-registry.available",
  ]);
  const bytes = serde.serialize("x", "orders");
  expect(serde.deserialize(bytes, "orders")).toBe("A:x");
});

test("REGISTRY-3: away later, what is known goes on, and what is new waits until it is back", async () => {
  const server = await registry();
  const serde = serdeOf(server);
  await serde.prepare(use, signal);
  server.memory.setCompatibility("orders-value", "NONE");
  const { id } = server.memory.register("orders-value", { schema: "B" });
  await server.kill();
  const known = serde.serialize("x", "orders");
  const unknown = Uint8Array.of(0, 0, 0, 0, id, 98);
  const { ready } = pendingOf(serde, unknown);
  for (let count = 0; count < 100; count++) expect(serde.deserialize(known, "orders")).toBe("A:x");
  await ready;
  pendingOf(serde, unknown);
  expect(serde.deserialize(known, "orders")).toBe("A:x");
  await server.start();
  expect(await read(serde, unknown)).toBe("B:b");
});

test("killed again and again while schemas are met, it loses none and gives no wrong one", async () => {
  const server = await registry();
  server.memory.setCompatibility("orders-value", "NONE");
  const ids = Array.from(
    { length: 30 },
    (_, index) => server.memory.register("orders-value", { schema: `S${index}` }).id,
  );
  const serde = serdeOf(server);
  const reading = ids.map((id) => read(serde, Uint8Array.of(0, 0, 0, 0, id, 97)));
  for (let round = 0; round < 5; round++) {
    await server.kill();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.start();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(await Promise.all(reading)).toEqual(ids.map((_, index) => `S${index}:a`));
});
