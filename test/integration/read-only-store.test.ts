import { encodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { keyValueStore, type KeyValueStore } from "@millrace/state";
import {
  Topology,
  type Processor,
  type ProcessorContext,
  type StreamRecord,
} from "@millrace/streams";
import { expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

const text = { key: string(), value: string() };
const names = keyValueStore({ name: "names", ...text });

class Put implements Processor<string, string> {
  #store: KeyValueStore<string, string> | undefined;

  init(context: ProcessorContext): void {
    this.#store = context.store(names);
  }

  process({ key, value }: StreamRecord<string, string>): void {
    this.#store?.put(key, value);
  }
}

class Greet implements Processor<string, string, string, string> {
  #context: ProcessorContext<string, string> | undefined;

  init(context: ProcessorContext<string, string>): void {
    this.#context = context;
  }

  process(record: StreamRecord<string, string>): void {
    const name = this.#context?.store(names).get(record.key) ?? "nobody";
    this.#context?.forward(record.withValue(`${record.value} ${name}`));
  }
}

const greetings = (): Topology =>
  new Topology()
    .addReadOnlyStateStore(names, "names", { supplier: () => new Put() })
    .addSource("asks", "asks", text)
    .addProcessor("greet", () => new Greet(), { parents: "asks" })
    .connectProcessorAndStateStores("greet", names)
    .addSink("greetings", "greetings", { parents: "greet", ...text });

async function write(world: TestWorld, topic: string, key: string, value: string): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  writer.partition(topic, 0).append(1000, encodeUtf8(key), encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}

test("a read-only store is what its topic holds, also on another machine, without a changelog", async () => {
  await using world = await TestWorld.start({ names: 1, asks: 1, greetings: 1 });
  await write(world, "names", "1", "Ada");
  const app = await world.app(greetings(), { maxTaskIdle: 200 });
  await expect
    .poll(async () => {
      await write(world, "asks", "1", "hello");
      return world.readTexts("greetings");
    })
    .toContain("hello Ada");
  await app.close();
  // A second one without a folder: what it reads from is committed, so that all it knows was restored.
  const other = await world.app(greetings(), {});
  await write(world, "asks", "1", "welcome");
  await expect.poll(() => world.readTexts("greetings")).toContain("welcome Ada");
  await other.close();
  const topics = await world.client.admin.listTopics();
  expect(topics.map(({ name }) => name).filter((name) => name.includes("changelog"))).toEqual([]);
});
