import type { Admin } from "@millrace/client";
import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { inClientWorld, send } from "./client-world.ts";
import { TestWorld } from "./world/test-world.ts";

describe("what a client knows is old", () => {
  test("partitions that were added meanwhile are found", () =>
    inClientWorld(async ({ client, connect }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const ends = (partition: number) =>
        client.admin.listOffsets([{ topic: "t", partition, at: "latest" }]);
      expect(await ends(0)).toMatchObject([{ offset: 0 }]);
      await connect().admin.createPartitions([{ name: "t", partitionCount: 3 }]);
      await send(connect(), "t", ["0", "1"], 2);
      expect(await ends(2)).toMatchObject([{ offset: 2 }]);
    }));

  test.each([
    [
      "listOffsets",
      (admin: Admin, topic: string) => admin.listOffsets([{ topic, partition: 0, at: "latest" }]),
    ],
    [
      "deleteRecords",
      (admin: Admin, topic: string) => admin.deleteRecords([{ topic, partition: 0, offset: 0 }]),
    ],
  ] as const)(
    "%s with a name that is no text is refused, and spoils nothing that follows",
    (_call, ask) =>
      inClientWorld(async ({ client, connect }) => {
        // As a program without types does.
        const noName: string = JSON.parse("0");
        await expect(ask(client.admin, noName)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
        await connect().admin.createTopics([{ name: "t", partitionCount: 1 }]);
        await send(client, "t", ["0"], 0);
      }),
  );

  test("records of partitions that were added meanwhile can be deleted", () =>
    inClientWorld(async ({ client, connect }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await client.admin.listOffsets([{ topic: "t", partition: 0, at: "latest" }]);
      await connect().admin.createPartitions([{ name: "t", partitionCount: 2 }]);
      await send(connect(), "t", ["0", "1"], 1);
      await client.admin.deleteRecords([{ topic: "t", partition: 1, offset: 1 }]);
      const [{ offset }] = await connect().admin.listOffsets([
        { topic: "t", partition: 1, at: "earliest" },
      ]);
      expect(offset).toBe(1);
    }));

  test.each(["listOffsets", "deleteRecords"] as const)(
    "%s: a topic that is gone, and a partition that never was, are told within seconds",
    (call) =>
      inClientWorld(async ({ client, connect, platform }) => {
        const ask = (partition: number): Promise<unknown> =>
          call === "listOffsets"
            ? client.admin.listOffsets([{ topic: "t", partition, at: "latest" }])
            : client.admin.deleteRecords([{ topic: "t", partition, offset: 0 }]);
        await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
        await ask(0);
        const startMs = platform.clock.monotonicMs();
        await expect(ask(7)).rejects.toMatchObject({
          code: "TOPIC_NOT_FOUND",
          message: expect.stringContaining("t-7"),
        });
        await connect().admin.deleteTopics(["t"]);
        await expect(ask(0)).rejects.toMatchObject({ code: "TOPIC_NOT_FOUND" });
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(5000);
      }),
  );

  test("a producer spreads over partitions that were added, within metadataMaxAge", () =>
    inClientWorld(async ({ client, connect, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const own = connect({ metadataMaxAge: "10s" });
      await using producer = own.producer();
      const partitionsOf = async (): Promise<number> => {
        const sent = await Promise.all(
          Array.from({ length: 50 }, (_, key) =>
            producer.send({ topic: "t", key: `${key}`, value: "x" }),
          ),
        );
        return new Set(sent.map(({ partition }) => partition)).size;
      };
      expect(await partitionsOf()).toBe(1);
      await client.admin.createPartitions([{ name: "t", partitionCount: 4 }]);
      await platform.timers.sleep(11_000);
      expect(await partitionsOf()).toBe(4);
    }));
});

describe("an application's sinks", () => {
  let world: TestWorld;

  beforeEach(async () => {
    world = await TestWorld.start();
  });

  afterEach(() => world[Symbol.asyncDispose]());

  /** As another process, so that the application hears of it by its own metadata alone. */
  async function administer(change: (admin: Admin) => Promise<unknown>): Promise<void> {
    await using other = world.connect();
    await change(other.admin);
  }

  test("spread over partitions that were added, within metadataMaxAge", async () => {
    await world.createTopics({ lines: 1, copies: 1 });
    const builder = new StreamsBuilder();
    builder.stream("lines", { key: string(), value: string() }).to("copies");
    await world.app(builder.build(), { stateDirectory: "/s" }, world.process(), {
      client: { metadataMaxAge: 100 },
    });
    await world.client.producer().send({ topic: "lines", key: "a", value: "x" });
    await expect.poll(() => world.readTexts("copies")).toHaveLength(1);
    await administer((admin) => admin.createPartitions([{ name: "copies", partitionCount: 4 }]));
    await expect
      .poll(
        async () => {
          await using producer = world.client.producer();
          for (let key = 0; key < 20; key++)
            await producer.send({ topic: "lines", key: `${key}`, value: "x" });
          const ends = await world.client.admin.listOffsets(
            [0, 1, 2, 3].map((partition) => ({ topic: "copies", partition, at: "latest" })),
          );
          return ends.filter(({ offset }) => offset > 0).length;
        },
        { timeout: 10_000 },
      )
      .toBe(4);
  });

  test("that were deleted and made anew get what comes then, and the application goes on", async () => {
    await world.createTopics({ lines: 1, copies: 1 });
    const builder = new StreamsBuilder();
    builder.stream("lines", { key: string(), value: string() }).to("copies");
    const app = await world.app(builder.build(), { stateDirectory: "/s" }, world.process(), {
      client: { metadataMaxAge: 100 },
    });
    const send = (value: string) =>
      world.client.producer().send({ topic: "lines", key: "a", value });
    await send("before");
    await expect.poll(() => world.readTexts("copies")).toEqual(["before"]);
    await administer((admin) => admin.deleteTopics(["copies"]));
    await expect.poll(() => world.createTopics({ copies: 1 }).then(() => true, String)).toBe(true);
    for (const value of ["one", "two", "three"]) await send(value);
    await expect
      .poll(() => world.readTexts("copies"), { timeout: 10_000 })
      .toEqual(["one", "two", "three"]);
    expect(app.state).toBe("running");
  });

  test("that are chosen record by record take topics that were made later", async () => {
    await world.createTopics({ lines: 1 });
    const builder = new StreamsBuilder();
    builder.stream("lines", { value: string() }).to((line) => line);
    const app = await world.app(builder.build(), { stateDirectory: "/s" }, world.process(), {
      client: { metadataMaxAge: 100 },
    });
    await administer((admin) => admin.createTopics([{ name: "later", partitionCount: 1 }]));
    await world.shared.timers.sleep(500);
    await world.produce("lines", ["later"]);
    await expect.poll(() => world.readTexts("later")).toEqual(["later"]);
    await app.close();
  });
});
