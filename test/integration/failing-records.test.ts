import { json, string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import type { TestWorld } from "./world/test-world.ts";
import { upperCase } from "./world/upper-case.ts";
import { linesOf } from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), { lines: 1, copies: 1, "dead-letters": 1 });

describe("records and callbacks", () => {
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
    expect(await failureOf(app.closed)).toMatchObject({
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
    expect(await failureOf(app.closed)).toMatchObject({
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
    expect(await failureOf(app.closed)).toMatchObject({
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
      fields: { application: "app", cause: await failureOf(app.closed) },
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
