import { encodeUtf8, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

/** Keeps a table by its source topic, with a count that shows what the table forwarded. */
function tableOfItsTopic(): Topology {
  const builder = new StreamsBuilder();
  builder
    .table("places", { key: string(), value: string(), store: "places" })
    .toStream()
    .to("changes", { key: string(), value: string() });
  return builder.build({ optimize: "all" });
}

test("a table whose topic is its changelog starts beside a stranger's open transaction", async () => {
  await using world = await TestWorld.start({ places: 1, changes: 1 });
  const write = async (value: string): Promise<void> => {
    const writer = world.client.openWriter({});
    await writer.prepare(["places"]);
    writer.partition("places", 0).append(1, encodeUtf8("key"), encodeUtf8(value), noHeaders);
    await writer.flush();
    await writer.close();
  };
  await write("one");
  const app = await world.app(tableOfItsTopic(), { stateDirectory: "/first" });
  await expect.poll(() => world.readTexts("changes")).toEqual(["one"]);
  await app.close();
  await write("two");
  const stranger = world.client.openWriter({ transactionalId: "s", transactionTimeoutMs: 60_000 });
  await stranger.prepare(["places"]);
  await stranger.initialize();
  stranger.begin();
  stranger.partition("places", 0).append(1, encodeUtf8("key"), encodeUtf8("three"), noHeaders);
  await stranger.flush();

  const startMs = performance.now();
  await world.app(tableOfItsTopic(), { stateDirectory: "/second" }); // nothing to begin with
  expect(performance.now() - startMs).toBeLessThan(5000);
  await expect.poll(() => world.readTexts("changes")).toEqual(["one", "two"]);
  await stranger.commit();
  await expect.poll(() => world.readTexts("changes")).toEqual(["one", "two", "three"]);
  await stranger.close();
});
