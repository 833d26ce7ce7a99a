import { createServer } from "node:net";

import type { Duration } from "@millrace/model";
import { SchemaRegistryClient } from "@millrace/schema-registry";
import { avro } from "@millrace/serde-avro";
import { string, type Serde } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import { OutageRegistry } from "./world/outage-registry.ts";
import { TestWorld } from "./world/test-world.ts";

/** Serdes whose registry does not answer: no record is at fault, and whoever waits is told for what. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ in: 1, out: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const schema = { type: "record", name: "Order", fields: [{ name: "n", type: "int" }] } as const;

/** A serde of a registry at a port where nobody listens. */
async function unreachable(): Promise<{ readonly value: Serde<{ n: number }>; url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise<unknown>((resolve) => server.close(resolve));
  const url = `http://127.0.0.1:${port}`;
  const registry = new SchemaRegistryClient({ url, platform: world.shared });
  onTestFinished(() => registry.close());
  return { value: avro(schema, { registry }), url };
}

function consuming<T>(value: Serde<T>, serdeTimeout: Duration) {
  const consumer = world.client.consumer({
    topics: ["in"],
    value,
    autoOffsetReset: "earliest",
    serdeTimeout,
    onDeserializationError: "skip",
  });
  onTestFinished(() => consumer.close());
  const given: T[] = [];
  const read = async (): Promise<void> => {
    for await (const record of consumer) given.push(record.value as T);
  };
  return { given, read };
}

describe("with a registry that nobody can reach", () => {
  test("a producer's record waits for serdeTimeout, and its error says for what, how long, and why", async () => {
    const { value, url } = await unreachable();
    await using producer = world.client.producer({ value, serdeTimeout: 300 });
    const error = await failureOf(producer.send({ topic: "out", value: { n: 1 } }));
    expect(error).toMatchObject({ code: "SERDE_TIMED_OUT" });
    expect(error.message).toMatch(
      /avro .* values of out did not come within 300 ms \(serdeTimeout\)/,
    );
    expect(error.message).toContain(`${url} does not answer`);
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a consumer's loop ends after serdeTimeout, with the same", async () => {
    const { value, url } = await unreachable();
    const error = await failureOf(consuming(value, 300).read());
    expect(error).toMatchObject({ code: "SERDE_TIMED_OUT" });
    expect(error.message).toContain(`${url} does not answer`);
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("a client is closed at once, and what was sent says what it waited for", async () => {
    const { value, url } = await unreachable();
    const client = world.connect();
    const sends = [1, 2, 3].map((n) =>
      failureOf(client.producer({ value }).send({ topic: "out", value: { n } })),
    );
    const sinceMs = performance.now();
    await client.close();
    expect(performance.now() - sinceMs).toBeLessThan(5000);
    for (const error of await Promise.all(sends)) {
      expect(error).toMatchObject({ code: "WRITER_CLOSED" });
      expect(error.message).toContain(`${url} does not answer`);
    }
  });

  test("a flush, and a transaction, end with their signal", async () => {
    const { value } = await unreachable();
    const producer = world.client.producer({ value });
    const sent = failureOf(producer.send({ topic: "out", value: { n: 1 } }));
    const reason = new Error("enough");
    expect(await failureOf(producer.flush(AbortSignal.abort(reason)))).toBe(reason);
    await producer.close();
    await sent;
    const writer = world.client.producer({ value, transactionalId: "t" });
    const ending = new AbortController();
    const over = failureOf(
      writer.transaction(async () => {
        failureOf(writer.send({ topic: "out", value: { n: 1 } })).catch(() => {});
        setTimeout(() => ending.abort(reason), 100);
      }, ending.signal),
    );
    expect(await over).toBe(reason);
    await writer.close();
  });
});

describe("an outage that outlasts serdeTimeout", () => {
  const values = ["b1", "b2", "c3", "a4"];

  test("leaves no record of an application out, whatever the policy, and is told by the log", async () => {
    const registry = new OutageRegistry("a");
    const builder = new StreamsBuilder();
    builder.stream("in", { value: registry.serde() }).to("out");
    const process = world.process();
    const options = { serdeTimeout: 50, onDeserializationError: "continue" } as const;
    await world.app(builder.build(), options, process);
    await world.produce("in", values);
    await expect
      .poll(() => process.events.filter(({ name }) => name === "streams.serde-outage"))
      .toMatchObject([
        { fields: { waitsFor: "schema b", cause: "the registry is away", topic: "in" } },
      ]);
    await new Promise((resolve) => setTimeout(resolve, 150)); // several bounds
    registry.publish("b", "c");
    await expect.poll(() => world.readTexts("out")).toEqual(values);
  });

  test("nor what is written", async () => {
    const registry = new OutageRegistry("a");
    const builder = new StreamsBuilder();
    builder.stream("in", { value: string() }).to("out", { value: registry.serde() });
    await world.app(builder.build(), { serdeTimeout: 50, onProductionError: "continue" });
    await world.produce("in", values);
    await new Promise((resolve) => setTimeout(resolve, 300)); // several bounds
    registry.publish("b", "c");
    await expect.poll(() => world.readTexts("out")).toEqual(values);
  });

  test("ends a consumer's loop without asking its policy; entered again, it goes on with the same record", async () => {
    const registry = new OutageRegistry("a");
    await world.produce("in", values);
    const { given, read } = consuming(registry.serde(), 50);
    const error = await failureOf(read());
    expect(error).toMatchObject({ code: "SERDE_TIMED_OUT" });
    expect(error.message).toMatch(/^schema b did not come within .*: the registry is away\./);
    expect(given).toEqual([]);
    registry.publish("b", "c");
    void read();
    await expect.poll(() => given).toEqual(values);
  });
});
