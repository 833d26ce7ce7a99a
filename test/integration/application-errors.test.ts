import { encodeUtf8 } from "@millrace/model";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { fileEngineProvider } from "@millrace/state";
import { int64AsNumber, json, string } from "@millrace/serde";
import { StreamsBuilder, type StreamsApp, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createPartitions } from "./world/create-partitions.ts";
import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

/** What users can get wrong, what they are told, and that nothing is lost by it. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** What ends the application, within the time of the test. */
async function failureOf(app: StreamsApp): Promise<unknown> {
  return app.closed.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function upperCase(mapper: (line: string) => string = (line) => line.toUpperCase()): Topology {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).mapValues(mapper).to("copies", { value: string() });
  return builder.build();
}

describe("topics that are not there", () => {
  test("a missing source topic is named, and nothing is made in silence", async () => {
    await world.createTopics({ counts: 4, copies: 4 });
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
      message: expect.stringContaining("no topic lines"),
    });
    const topics = await world.client.admin.listTopics();
    expect(topics.map(({ name }) => name)).not.toContain("lines");
    await world.createTopics({ lines: 4 });
    await world.produce("lines", linesOf(10));
    await world.app(wordCount(), { stateDirectory: "/s" });
    await expectCounted(world, linesOf(10));
  });

  test("a missing sink topic is named, and what was to go there comes later", async () => {
    await world.createTopics({ lines: 4, counts: 4 });
    await world.produce("lines", linesOf(10));
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "MISSING_SINK_TOPIC",
      message: expect.stringContaining("no topic copies (written by KSTREAM-SINK-"),
    });
    await world.createTopics({ copies: 4 });
    await world.app(wordCount(), { stateDirectory: "/s" });
    await expectCounted(world, linesOf(10));
    await expectCopiedOnce(world, linesOf(10));
  });

  test("all that are missing are told at once, with who reads and writes them", async () => {
    const process = world.process();
    const options = { stateDirectory: "/s", deadLetterTopic: "dead" };
    await expect(world.app(wordCount(), options, process)).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
      message: expect.stringMatching(
        /no topic lines \(read by KSTREAM-SOURCE-0000000000\), no topic copies \(written by KSTREAM-SINK-0000000001\), no topic counts \(written by KSTREAM-SINK-\d+\), no topic dead \(the deadLetterTopic\)/,
      ),
    });
    expect(process.events).toContainEqual({
      name: "streams.topics-missing",
      fields: {
        thread: expect.stringMatching(/-StreamThread-1$/),
        topics: ["lines", "copies", "counts", "dead"],
      },
    });
  });

  test("a topic that is made a moment later is waited for", async () => {
    await world.createTopics({ counts: 4, copies: 4 });
    const process = world.process();
    const starting = world.app(wordCount(), { stateDirectory: "/s" }, process);
    await expect.poll(() => process.has("streams.topics-missing")).toBe(true);
    await world.createTopics({ lines: 4 });
    await starting;
  });

  test("an internal topic whose name is too long is told as that", async () => {
    await world.createTopics(wordTopics);
    const applicationId = "a".repeat(190);
    const store = "s".repeat(60);
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .groupBy((line) => line, { key: string() })
      .count({ store });
    await expect(
      world.app(builder.build(), { applicationId, stateDirectory: "/s" }),
    ).rejects.toMatchObject({
      code: "INVALID_TOPIC",
      message: expect.stringMatching(
        /no topic a{190}-s{60}-\w+: its name has 26\d characters, and at most 249/,
      ),
    });
  });

  test("a topology that reads nothing is refused", async () => {
    await expect(world.app(new StreamsBuilder().build(), {})).rejects.toMatchObject({
      code: "EMPTY_TOPOLOGY",
    });
  });

  test("a function may choose among the topics that are there; another one is named", async () => {
    await world.createTopics({ lines: 2, even: 1, odd: 1 });
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .to((line) => (line === "3" ? "lost" : Number(line) % 2 === 0 ? "even" : "odd"));
    const topology = builder.build();
    const app = await world.app(topology, { stateDirectory: "/s" });
    await world.produce("lines", ["0", "1", "2"]);
    await expect.poll(() => world.readTexts("even")).toHaveLength(2);
    await world.produce("lines", ["3"]);
    expect(String(await failureOf(app))).toMatch(/topic lost is not there/);
    await world.createTopics({ lost: 1 });
    await world.app(topology, { stateDirectory: "/s" });
    await expect.poll(() => world.readTexts("lost")).toEqual(["3"]);
    expect(await world.readTexts("even")).toHaveLength(2);
  });

  test("inputs whose partitions change stop an application with state, by name", async () => {
    await world.createTopics(wordTopics);
    await world.produce("lines", linesOf(50));
    const options = { stateDirectory: "/s", metadataMaxAge: 50 };
    const app = await world.app(wordCount(), options);
    await expectCounted(world, linesOf(50));
    await createPartitions(world, "lines", 6);
    expect(await failureOf(app)).toMatchObject({
      code: "INTERNAL_TOPIC_MISMATCH",
      message: expect.stringMatching(/app-counts-.* has 4 partitions, but the inputs ask for 6/),
    });
  });

  test("inputs whose partitions change give an application without state more tasks", async () => {
    await world.createTopics({ lines: 1, copies: 1 });
    const app = await world.app(upperCase(), { stateDirectory: "/s", metadataMaxAge: 50 });
    await createPartitions(world, "lines", 3);
    await expect.poll(() => app.tasks, { timeout: 3000 }).toEqual(["0_0", "0_1", "0_2"]);
  });
});

describe("an input topic that was deleted and made anew", () => {
  beforeEach(() => world.createTopics({ lines: 1, copies: 1 }));

  const recreated = {
    code: "SOURCE_TOPIC_RECREATED",
    message: expect.stringContaining("the input topic lines was deleted and made anew"),
  };

  async function makeAnew(): Promise<void> {
    await world.client.admin.deleteTopics(["lines"]);
    await expect.poll(() => world.createTopics({ lines: 1 }).then(() => true, String)).toBe(true);
  }

  test("ends an application that reads it", async () => {
    await world.produce("lines", linesOf(20));
    const app = await world.app(upperCase(), { stateDirectory: "/s" }, undefined, {
      client: { metadataMaxAge: 100 },
    });
    await expect.poll(() => world.readTexts("copies")).toHaveLength(20);
    await makeAnew();
    await world.produce("lines", linesOf(5));
    expect(await failureOf(app)).toMatchObject(recreated);
    expect(await world.readTexts("copies")).toHaveLength(20);
  });

  test("keeps one from starting that has read it", async () => {
    await world.produce("lines", linesOf(20));
    const app = await world.app(upperCase(), { stateDirectory: "/s" });
    await expect.poll(() => world.readTexts("copies")).toHaveLength(20);
    await app.close();
    await makeAnew();
    await world.produce("lines", linesOf(30));
    await expect(world.app(upperCase(), { stateDirectory: "/s" })).rejects.toMatchObject(recreated);
    expect(await world.readTexts("copies")).toHaveLength(20);
  });
});

describe("records and callbacks", () => {
  beforeEach(() => world.createTopics({ lines: 1, copies: 1, "dead-letters": 1 }));

  function parsed(): Topology {
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: json<{ readonly at: number }>() })
      .mapValues(({ at }) => `at ${at}`)
      .to("copies", { value: string() });
    return builder.build();
  }

  test("a record that a serde cannot read is named with its place, and stays where it is", async () => {
    await world.produce("lines", ['{"at":0}', "{broken", '{"at":2}']);
    const app = await world.app(parsed(), { stateDirectory: "/s", commitInterval: 5 });
    expect(await failureOf(app)).toMatchObject({
      code: "DESERIALIZATION_FAILED",
      topic: "lines",
      partition: 0,
      offset: 1,
      message: expect.stringMatching(/lines-0 at offset 1/),
    });
    const options = {
      onDeserializationError: "continue",
      deadLetterTopic: "dead-letters",
    } as const;
    await world.app(parsed(), { stateDirectory: "/s", ...options });
    await expect.poll(() => world.readTexts("copies")).toEqual(["at 0", "at 2"]);
    expect(await world.readTexts("dead-letters")).toEqual(["{broken"]);
  });

  test("a batch that is damaged is named with its place, or skipped to the dead letters", async () => {
    for (const line of ["one", "two", "three"]) await world.produce("lines", [line]);
    const long = Array.from({ length: 20 }, () => "-".repeat(60_000));
    await world.produce("lines", long); // more than the broker keeps in memory
    damage("/broker/lines-0/00000000000000000000.log", "two");
    const app = await world.app(upperCase(), { stateDirectory: "/s" });
    expect(await failureOf(app)).toMatchObject({
      code: "DESERIALIZATION_FAILED",
      topic: "lines",
      partition: 0,
      offset: 1,
      message: expect.stringMatching(/commit offset 2 for the group/),
      cause: expect.objectContaining({ code: "BATCH_UNREADABLE" }),
    });
    const options = {
      onDeserializationError: "continue",
      deadLetterTopic: "dead-letters",
    } as const;
    await world.app(upperCase(), { stateDirectory: "/s", ...options });
    await expect
      .poll(() => world.readTexts("copies"), { timeout: 5000 })
      .toEqual(["ONE", "THREE", ...long]);
    expect((await world.readTexts("dead-letters"))[0]).toContain("twO");
  });

  /** Flips a bit in the last letter of a word. */
  function damage(path: string, word: string): void {
    const file = world.shared.fileSystem.open(path, "readWrite");
    const bytes = new Uint8Array(file.sizeBytes());
    file.read(bytes, 0);
    const at = Buffer.from(bytes).indexOf(word) + word.length - 1;
    file.write([Uint8Array.of(bytes[at] ^ 0x20)], at);
    file.close();
  }

  test("a callback that throws is named with its place; mended, it gets each record once", async () => {
    const lines = linesOf(20);
    await world.produce("lines", lines);
    const broken = upperCase((line) => {
      if (line.endsWith("-7")) throw new Error("seven is too much");
      return line;
    });
    const process = world.process();
    // A slow machine would commit in between.
    const rarely = { commitInterval: 20_000, transactionTimeout: 30_000 };
    const app = await world.app(broken, { stateDirectory: "/s", ...rarely }, process);
    expect(await failureOf(app)).toMatchObject({
      code: "PROCESSING_FAILED",
      node: "KSTREAM-MAPVALUES-0000000001",
      topic: "lines",
      partition: 0,
      offset: 7,
      message: expect.stringMatching(/seven is too much.*KSTREAM-MAPVALUES.*lines-0 at offset 7/),
      cause: expect.objectContaining({ message: "seven is too much" }),
    });
    expect(app.state).toBe("failed");
    expect(process.events).toContainEqual({
      name: "streams.application-failed",
      fields: { application: "app", cause: await failureOf(app) },
    });
    expect(await world.readTexts("copies")).toEqual([]); // aborted with the transaction
    await world.app(
      upperCase((line) => line),
      { stateDirectory: "/s" },
    );
    await expect.poll(() => world.readTexts("copies")).toEqual(lines);
  });

  test("inputs are taken in the order of their times, as far as the cluster has records", async () => {
    await world.createTopics({ late: 1 });
    await world.produce("lines", linesOf(300));
    await world.produce("late", linesOf(300));
    const builder = new StreamsBuilder();
    const late = builder.stream("late", { value: string() });
    const lines = builder.stream("lines", { value: string() });
    lines
      .merge(late)
      .selectKey((line) => line)
      .to("copies", { key: string(), value: string() });
    await world.app(builder.build(), { stateDirectory: "/s" });
    await expect.poll(() => world.readTexts("copies"), { timeout: 5000 }).toHaveLength(600);
    const times = (await world.readTexts("copies")).map((line) => Number(line.split("-")[1]));
    expect(times).toEqual(times.toSorted((left, right) => left - right));
  });
});

describe("other members of the group", () => {
  beforeEach(() => world.createTopics({ ...wordTopics, other: 4 }));

  test("one with another topology is told so, and the others go on", async () => {
    const app = await world.app(wordCount(), { stateDirectory: "/first" });
    const builder = new StreamsBuilder();
    builder
      .stream("other", { key: string(), value: string() })
      .groupByKey()
      .count({ store: "else" })
      .toStream()
      .to("counts", { key: string(), value: int64AsNumber() });
    await expect(world.app(builder.build(), { stateDirectory: "/second" })).rejects.toMatchObject({
      code: "TOPOLOGY_MISMATCH",
      message: expect.stringContaining("new applicationId"),
    });
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
    await expect.poll(() => app.state).toBe("running");
    await expect.poll(() => app.tasks).toHaveLength(8);
  });

  test("a leader that comes back with another topology goes, and the others go on", async () => {
    const leader = world.process();
    const sessionTimeout = 20_000;
    await world.app(
      wordCount(),
      { stateDirectory: "/leader", sessionTimeout, closeTimeout: 200 },
      leader,
    );
    const app = await world.app(wordCount(), { stateDirectory: "/second", sessionTimeout });
    leader.die();
    await expect(
      world.app(upperCase(), { stateDirectory: "/leader", sessionTimeout }),
    ).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    await expect.poll(() => app.tasks, { timeout: 5000 }).toHaveLength(8);
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
  });

  test("a rolling change of an operator is not refused", async () => {
    const first = await world.app(wordCount(), { stateDirectory: "/first" });
    const second = await world.app(wordCount({ hasFilter: true }), { stateDirectory: "/second" });
    await expect.poll(() => [...first.tasks, ...second.tasks]).toHaveLength(8);
    await world.produce("lines", linesOf(40));
    await expectCounted(world, linesOf(40));
  });
});

describe("options and folders", () => {
  beforeEach(() => world.createTopics(wordTopics));

  test("a wrong name of an option is told, with the nearest one", async () => {
    const options = { commitIntervall: 5, stateDirectory: "/s" };
    await expect(world.app(wordCount(), options as never)).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringContaining('"commitIntervall"'),
    });
    expect(world.shared.fileSystem.stat("/s")).toBeUndefined();
  });

  test("a state directory of a newer version is refused and left as it is", async () => {
    const { fileSystem } = world.shared;
    const text = '{"processId":"00010203-0405-4607-8809-0a0b0c0d0e0f","version":99}';
    fileSystem.makeDirectory("/s/app");
    const file = fileSystem.open("/s/app/kafka-streams-process-metadata", "create");
    file.write([encodeUtf8(text)], 0);
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STATE_FORMAT_TOO_NEW",
    });
    expect(file.sizeBytes()).toBe(text.length);
    file.close();
  });

  test("stores of a newer version are refused, left as they are, and given free again", async () => {
    const engines = fileEngineProvider(world.shared);
    const formatVersion = Uint8Array.of(0, 0, 1);
    for (const task of ["1_0", "1_1", "1_2", "1_3"]) {
      const engine = await engines.open(`/s/app/${task}`);
      engine.write([{ key: formatVersion, value: Uint8Array.of(0, 99) }]);
      await engine.close();
    }
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STORE_FORMAT_TOO_NEW",
    });
    const engine = await engines.open("/s/app/1_0");
    expect(engine.get(formatVersion)).toEqual(Uint8Array.of(0, 99));
    await engine.close();
  });

  test("a state directory that another process uses is refused", async () => {
    const app = await world.app(wordCount(), { stateDirectory: "/s" });
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STATE_DIRECTORY_IN_USE",
    });
    expect(app.state).toBe("running");
  });

  test("a state directory that cannot be made is refused", async () => {
    const { fileSystem } = world.shared;
    expect(fileSystem).toBeInstanceOf(MemoryFileSystem);
    fileSystem.open("/file", "create").close();
    await expect(world.app(wordCount(), { stateDirectory: "/file" })).rejects.toMatchObject({
      code: "STATE_DIRECTORY_UNUSABLE",
      message: expect.stringMatching(/^the state directory cannot be used: \/file[^:]*: [^:]*$/),
    });
  });
});
