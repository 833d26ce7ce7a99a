import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import {
  StreamsBuilder,
  type OffsetReset,
  type StreamsApp,
  type Topology,
} from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

/** Sources that read all topics of a pattern: those that are there, those that come, and those that go. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ copies: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const settings = { stateDirectory: "/s", metadataMaxAge: 100 } as const;

function copy(pattern: RegExp, offsetReset?: OffsetReset): Topology {
  const builder = new StreamsBuilder();
  const policy = offsetReset === undefined ? {} : { offsetReset };
  builder.stream(pattern, { value: string(), ...policy }).to("copies");
  return builder.build();
}

const copies = async (): Promise<readonly string[]> => (await world.readTexts("copies")).toSorted();

describe("a source of a pattern", () => {
  test("reads all topics that match as a whole, whatever their numbers of partitions", async () => {
    await world.createTopics({ "lines-a": 1, "lines-b": 3, "more-lines-c": 1, "lines-A": 1 });
    await world.produce("lines-a", ["a1", "a2"]);
    await world.produce("lines-b", ["b1", "b2", "b3"]);
    await world.produce("more-lines-c", ["c1"]);
    await world.produce("lines-A", ["A1"]);
    const app = await world.app(copy(/lines-[a-z]/), settings);
    await expect.poll(copies).toEqual(["a1", "a2", "b1", "b2", "b3"]);
    expect(app.tasks).toEqual(["0_0", "0_1", "0_2"]);
  });

  test("takes up topics that come later, and keeps what it has", async () => {
    await world.createTopics({ "lines-a": 1 });
    const app = await world.app(copy(/lines-.*/), settings);
    await world.produce("lines-a", ["a1"]);
    await expect.poll(copies).toEqual(["a1"]);
    await world.createTopics({ "lines-b": 2 });
    await world.produce("lines-b", ["b1", "b2"]);
    await expect.poll(copies, { timeout: 5000 }).toEqual(["a1", "b1", "b2"]);
    await world.produce("lines-a", ["a2"]);
    await expect.poll(copies).toEqual(["a1", "a2", "b1", "b2"]);
    expect(app.tasks).toEqual(["0_0", "0_1"]);
  });

  test("gives each partition to its own task, as a list of topics does", async () => {
    await world.createTopics({ "lines-a": 2, "lines-b": 3 });
    const builder = new StreamsBuilder();
    builder.stream(["lines-a", "lines-b"], { value: string() }).to("copies");
    const app = await world.app(builder.build(), { ...settings, applicationId: "list" });
    await world.app(copy(/lines-.*/), settings);
    await world.produce("lines-a", ["a1", "a2"]);
    await world.produce("lines-b", ["b1", "b2", "b3"]);
    const twice = ["a1", "a1", "a2", "a2", "b1", "b1", "b2", "b2", "b3", "b3"];
    await expect.poll(copies).toEqual(twice);
    expect(app.tasks).toEqual(["0_0", "0_1", "0_2"]);
  });

  test("waits where nothing matches yet", async () => {
    const app = await world.app(copy(/lines-.*/), settings);
    expect([app.state, app.tasks]).toEqual(["running", []]);
    await world.createTopics({ "lines-a": 1 });
    await world.produce("lines-a", ["a1"]);
    await expect.poll(copies, { timeout: 5000 }).toEqual(["a1"]);
  });

  test("lets topics go that are deleted, and goes on with the others", async () => {
    await world.createTopics({ "lines-a": 2, "lines-b": 1 });
    const app = await world.app(copy(/lines-.*/), settings);
    await world.produce("lines-a", ["a1"]);
    await world.produce("lines-b", ["b1"]);
    await expect.poll(copies).toEqual(["a1", "b1"]);
    await world.client.admin.deleteTopics(["lines-a"]);
    await expect.poll(() => app.tasks, { timeout: 5000 }).toEqual(["0_0"]);
    await world.produce("lines-b", ["b2"]);
    await expect.poll(copies, { timeout: 5000 }).toEqual(["a1", "b1", "b2"]);
    await world.createTopics({ "lines-a": 1 });
    await world.produce("lines-a", ["a2"]);
    await expect.poll(copies, { timeout: 5000 }).toEqual(["a1", "a2", "b1", "b2"]);
    expect(app.state).toBe("running");
  });

  test("ends the application where a topic was made anew while it was away", async () => {
    await world.createTopics({ "lines-a": 1 });
    const app = await world.app(copy(/lines-.*/), settings);
    await world.produce("lines-a", ["a1"]);
    await expect.poll(copies).toEqual(["a1"]);
    await app.close();
    await world.client.admin.deleteTopics(["lines-a"]);
    await world.createTopics({ "lines-a": 1 });
    await expect(world.app(copy(/lines-.*/), settings)).rejects.toMatchObject({
      code: "SOURCE_TOPIC_RECREATED",
    });
  });

  test("shares a topic that comes later between the members of the group", async () => {
    await world.createTopics({ "lines-a": 2 });
    const apps: StreamsApp[] = [];
    for (const stateDirectory of ["/s1", "/s2"])
      apps.push(await world.app(copy(/lines-.*/), { ...settings, stateDirectory }));
    await world.createTopics({ "lines-b": 4 });
    await expect
      .poll(() => apps.flatMap(({ tasks }) => tasks).toSorted(), { timeout: 5000 })
      .toEqual(["0_0", "0_1", "0_2", "0_3"]);
    await world.produce("lines-b", ["b1", "b2", "b3", "b4"]);
    await expect.poll(copies).toEqual(["b1", "b2", "b3", "b4"]);
    expect(apps.every(({ tasks }) => tasks.length === 2)).toBe(true);
  });

  test.each<[OffsetReset, readonly string[]]>([
    ["earliest", ["new", "old"]],
    ["latest", ["new"]],
    [{ byDuration: "1d" }, ["new"]],
  ])("begins where its own policy says, %j", async (offsetReset, expected) => {
    await world.createTopics({ "lines-a": 1 });
    await world.produce("lines-a", ["old"]); // in the first second of 1970
    const autoOffsetReset = offsetReset === "earliest" ? "latest" : "earliest";
    await world.app(copy(/lines-.*/, offsetReset), { ...settings, autoOffsetReset });
    await world.produce("lines-a", ["new"]);
    await expect.poll(copies).toEqual(expected);
  });

  test("goes on after a restart where it stopped, with the topics that came in between", async () => {
    await world.createTopics({ "lines-a": 1 });
    const app = await world.app(copy(/lines-.*/), settings);
    await world.produce("lines-a", ["a1"]);
    await expect.poll(copies).toEqual(["a1"]);
    await app.close();
    await world.createTopics({ "lines-b": 1 });
    await world.produce("lines-b", ["b1"]);
    await world.produce("lines-a", ["a2"]);
    await world.app(copy(/lines-.*/), settings);
    await expect.poll(copies, { timeout: 5000 }).toEqual(["a1", "a2", "b1"]);
  });

  test("never reads what the application makes for itself", async () => {
    await world.createTopics({ "app-lines": 2 });
    const builder = new StreamsBuilder();
    builder
      .stream(/app-.*/, { value: string() })
      .groupBy((line) => line, { key: string(), value: string() })
      .count({ store: "counts" })
      .toStream()
      .to("copies", { key: string(), value: int64AsNumber() });
    await world.produce("app-lines", ["a", "a", "b"]);
    const app = await world.app(builder.build(), settings);
    const counts = async () => (await world.read("copies")).map(({ key }) => key).toSorted();
    await expect.poll(counts).toEqual(["a", "b"]);
    await new Promise((resolve) => setTimeout(resolve, 400)); // several looks at what matches
    expect(await counts()).toEqual(["a", "b"]);
    expect(app.tasks).toEqual(["0_0", "0_1", "1_0", "1_1"]);
  });

  test("has its repartition topic made once the first topic matches", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream(/lines-.*/, { value: string() })
      .groupBy((line) => line, { key: string(), value: string() })
      .count({ store: "counts" })
      .toStream()
      .to("copies", { key: string(), value: int64AsNumber() });
    const app = await world.app(builder.build(), settings);
    await world.createTopics({ "lines-a": 2 });
    await world.produce("lines-a", ["a", "b"]);
    await expect.poll(() => world.read("copies"), { timeout: 5000 }).toHaveLength(2);
    expect(app.tasks).toEqual(["0_0", "0_1", "1_0", "1_1"]);
  });

  test("of a deleted topic passes nothing over that others have", async () => {
    await world.createTopics({ "lines-a": 1, "lines-b": 1 });
    const app = await world.app(copy(/lines-.*/), settings);
    const writer = world.client.openWriter({});
    await writer.prepare(["lines-a", "lines-b"]);
    const done = new AbortController();
    const written: string[] = [];
    const writing = (async () => {
      for (let index = 0; !done.signal.aborted; index++) {
        written.push(`b${index}`);
        writer.partition("lines-b", 0).append(1, null, encodeUtf8(`b${index}`), noHeaders);
        await writer.flush();
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await world.produce("lines-a", ["a1", "a2"]);
    await expect.poll(async () => (await copies()).includes("a2")).toBe(true);
    await world.client.admin.deleteTopics(["lines-a"]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    done.abort();
    await writing;
    await writer.close();
    const ofB = async () =>
      (await world.readTexts("copies")).filter((text) => text.startsWith("b"));
    await expect.poll(ofB, { timeout: 10_000 }).toEqual(written);
    expect(app.state).toBe("running");
  });

  test("is joined with a table of as many partitions alone, also for a topic that comes later", async () => {
    await world.createTopics({ "lines-a": 2, labels: 2 });
    const builder = new StreamsBuilder();
    const text = { key: string(), value: string() };
    const labels = builder.table("labels", text);
    builder
      .stream(/lines-.*/, text)
      .join(labels, (line, label) => line + label)
      .to("copies", text);
    const app = await world.app(builder.build(), settings);
    await world.createTopics({ "lines-b": 1 });
    await expect(app.closed).rejects.toMatchObject({
      code: "PARTITIONS_DIFFER",
      message: expect.stringMatching(/labels \(2\).*lines-b \(1\)/),
    });
  });

  test("ends the application by name where a topic matches two patterns", async () => {
    const builder = new StreamsBuilder();
    builder.stream(/lines-.*/, { value: string() }).to("copies");
    builder.stream(/.*-a/, { value: string() }).to("copies");
    const app = await world.app(builder.build(), settings);
    await world.createTopics({ "lines-b": 1 });
    await world.createTopics({ "lines-a": 1 });
    await expect(app.closed).rejects.toMatchObject({
      code: "TOPIC_MATCHED_TWICE",
      message: expect.stringMatching(/lines-a .*lines-\.\*.*\.\*-a/),
    });
  });
});
