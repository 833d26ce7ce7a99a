import { encodeUtf8, noHeaders } from "@millrace/model";
import { json, string } from "@millrace/serde";
import {
  StreamsBuilder,
  tumbling,
  untilWindowCloses,
  type StreamsApp,
  type Topology,
} from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

/** Records that something else has written to the topics of an application's own. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 1, out: 1, owners: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function program(): Topology {
  const builder = new StreamsBuilder();
  const lines = builder.stream("lines", { value: string() });
  const byWord = lines.groupBy((line) => line, { key: string() });
  byWord.count({ store: "counts" });
  byWord
    .windowedBy(tumbling("1m"))
    .count({ store: "windows" })
    .suppress(untilWindowCloses(), { name: "waiting" })
    .toStream((_count, { key }) => key)
    .to("out", { key: string() });
  const rows = lines
    .map((line) => ({ key: line, value: { owner: line } }), {
      key: string(),
      value: json<{ owner: string }>(),
    })
    .toTable({ store: "rows" });
  const owners = builder.table("owners", { key: string(), value: string() });
  rows.join(owners, ({ owner }, name) => owner + name, {
    foreignKey: ({ owner }) => owner,
    name: "own",
    store: "owned",
    value: string(),
  });
  return builder.build();
}

async function run(): Promise<StreamsApp> {
  const app = await world.app(program(), {}); // without a state directory: all is restored
  void app.closed.catch(() => {});
  return app;
}

/** Starts the application once, so that its topics are there and hold something, and writes the record to one. */
async function intrude(
  topic: string,
  key: Uint8Array | null,
  value: Uint8Array | null,
): Promise<StreamsApp> {
  const app = await run();
  await world.produce("lines", ["a", "b"]);
  const known = async (): Promise<number> => (await world.read("app-windows-changelog")).length;
  await expect.poll(known, { timeout: 10_000 }).toBeGreaterThan(1);
  await app.close();
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  writer.partition(topic, 0).append(1, key, value, noHeaders);
  await writer.flush();
  await writer.close();
  return run();
}

const three = Uint8Array.of(1, 2, 3);
const a = encodeUtf8("a");

test.each([
  ["app-windows-changelog", three, new Uint8Array(8), "CHANGELOG_UNREADABLE"],
  ["app-waiting-store-changelog", three, three, "UNKNOWN_BUFFER_FORMAT"],
])(
  "one in the changelog %s ends the application with its place",
  async (topic, key, value, code) => {
    const app = await intrude(topic, key, value).catch((error: unknown) => error as Error);
    const error: unknown =
      app instanceof Error ? app : await app.closed.catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`${topic}-0 at offset \\d+`)),
    });
  },
);

test("a value that its serde cannot read is told with the store's changelog", async () => {
  const app = await intrude("app-counts-changelog", a, three);
  await world.produce("lines", ["a"]);
  const error: unknown = await app.closed.catch((cause: unknown) => cause);
  expect(error).toMatchObject({
    code: "PROCESSING_FAILED",
    message: expect.stringContaining("app-counts-changelog"),
  });
});

test.each(["app-own-subscription-registration-topic", "app-own-subscription-response-topic"])(
  "one without a value in %s is left out and counted",
  async (name) => {
    const app = await intrude(name, a, null);
    const dropped = (): number =>
      app
        .metrics()
        .filter((metric) => metric.name === "dropped-records-total")
        .reduce((sum, { value }) => sum + value, 0);
    await expect.poll(dropped, { timeout: 10_000 }).toBe(1);
    expect(app.state).toBe("running");
  },
);

test.each([
  [
    "app-own-subscription-registration-topic",
    Uint8Array.of(9, 1, 2, 3),
    /version 9 of a subscription/,
  ],
  ["app-own-subscription-response-topic", Uint8Array.of(9, 1, 2, 3), /an answer of version 9/],
  ["app-KSTREAM-TOTABLE-0000000014-repartition", three, /JSON/],
])(
  "one in the internal topic %s ends the application with its place",
  async (name, value, reason) => {
    const app = await intrude(name, a, value);
    const error: unknown = await app.closed.catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "DESERIALIZATION_FAILED",
      topic: name,
      offset: expect.any(Number),
      message: expect.stringMatching(reason),
    });
  },
);
