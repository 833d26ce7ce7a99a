import { describe, expect, test } from "vitest";

import { committedOf, inClientWorld, send, take } from "./client-world.ts";

describe("what was committed by a call", () => {
  test("is not taken back when the consumer is closed with the record at hand", () =>
    inClientWorld(async ({ client }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2"]);
      const seen: string[] = [];
      for (const _ of ["first", "second", "third"]) {
        const consumer = client.consumer({
          groupId: "g",
          topics: ["t"],
          autoOffsetReset: "earliest",
        });
        seen.push(...(await take(consumer, 1)));
        await consumer.commit();
        await consumer.close();
        expect(await committedOf(client, "g", "t")).toBe(seen.length);
      }
      expect(seen).toEqual(["0", "1", "2"]);
    }));

  test("is not taken back by automatic commits, and a seek behind it is", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2", "3", "4", "5"]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 10,
      });
      const committed: unknown[] = [];
      for await (const { topic, partition, offset } of consumer) {
        if (offset === 0) await consumer.commit([{ topic, partition, offset: 4 }]);
        if (offset === 1 || offset === 2) await platform.timers.sleep(100);
        if (offset === 2) committed.push(await committedOf(client, "g", "t"));
        if (offset === 5) consumer.seek({ topic, partition }, 1);
        if (offset === 5) break;
      }
      await consumer.close();
      expect([...committed, await committedOf(client, "g", "t")]).toEqual([4, 1]);
    }));

  test("does not undo a seek that came before its answer", () =>
    inClientWorld(async ({ client }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1", "2"]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
      });
      for await (const record of consumer) {
        if (record.offset < 2) continue;
        const committing = consumer.commit();
        consumer.seek(record, 1);
        await committing;
        break;
      }
      await consumer.close();
      expect(await committedOf(client, "g", "t")).toBe(1);
    }));
});

describe("a position that was sought", () => {
  test("does not wait for a partition that another member has: what that one did is not done again", () =>
    inClientWorld(async ({ client, connect, platform, lines }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
      for (const partition of [0, 1]) await send(client, "t", ["0", "1", "2"], partition);
      const seen: string[] = [];
      const open = (name: string) => {
        const own = connect();
        const consumer = own.consumer({
          groupId: "g",
          topics: ["t"],
          autoOffsetReset: "earliest",
          autoCommitInterval: 100,
          heartbeatInterval: 500,
        });
        const read = async (): Promise<void> => {
          for await (const { partition, offset } of consumer)
            seen.push(`${name} ${partition}:${offset}`);
        };
        return { own, consumer, read };
      };
      const other = open("other");
      const reading = [other.read()];
      await platform.timers.sleep(2000);
      const late = open("late");
      for (const partition of [0, 1]) late.consumer.seek({ topic: "t", partition }, 2);
      reading.push(late.read());
      await platform.timers.sleep(5000);
      const sought = late.consumer.assignment.map(({ partition }) => `late ${partition}:2`);
      expect(sought).toHaveLength(1);
      expect(seen.filter((one) => one.startsWith("late"))).toEqual(sought);
      await other.own.close();
      await platform.timers.sleep(5000);
      expect(late.consumer.assignment).toHaveLength(2);
      expect(seen.filter((one) => one.startsWith("late"))).toEqual(sought);
      expect(lines.filter(({ event }) => event === "client.seek-forgotten")).toEqual([
        expect.objectContaining({ level: "warn" }),
      ]);
      await late.own.close();
      await Promise.all(reading);
    }));

  test("is not undone by what had come before it, at whichever moment it is sought", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const place = { topic: "t", partition: 0 };
      await send(client, "t", ["0", "1", "2", "3", "4"]);
      for (let moment = 0; moment < 20; moment++) {
        const groupId = `g${moment}`;
        const consumer = client.consumer({ groupId, topics: ["t"], autoOffsetReset: "earliest" });
        consumer.pause(place);
        const seen: number[] = [];
        const reading = (async () => {
          for await (const { offset } of consumer) {
            seen.push(offset);
            if (seen.length > 2) await platform.timers.sleep(100);
          }
        })();
        await platform.timers.sleep(2000);
        consumer.resume(place);
        for (let turn = 0; turn < moment; turn++) await Promise.resolve();
        consumer.seek(place, 3);
        const before = seen.length;
        await platform.timers.sleep(1000);
        // One record may be on its way to the loop's body.
        const after = seen.slice(before);
        expect([before, after.slice(-2), after.length < 4], `moment ${moment}`).toEqual([
          before,
          [3, 4],
          true,
        ]);
        consumer.seek(place, 1);
        await consumer.close();
        await reading;
        expect(await committedOf(client, groupId, "t")).toBe(1);
      }
    }));

  test("waits for a topic that is not there yet", () =>
    inClientWorld(async ({ client, connect, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const consumer = connect({ metadataMaxAge: "10s" }).consumer({
        groupId: "g",
        topics: ["t", "later"],
        autoOffsetReset: "earliest",
        heartbeatInterval: 500,
      });
      consumer.seek({ topic: "later", partition: 0 }, 1);
      const reading = take(consumer, 1);
      await platform.timers.sleep(3000);
      await client.admin.createTopics([{ name: "later", partitionCount: 1 }]);
      await send(client, "later", ["0", "1"]);
      expect(await reading).toEqual(["1"]);
      await consumer.close();
    }));
});

test.each([{}, { groupInstanceId: "late" }])(
  "a consumer that is closed while it waits to be let in leaves no seat behind (%o)",
  (membership) =>
    inClientWorld(async ({ client, connect, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
      await send(client, "t", ["0"]);
      const options = { groupId: "g", topics: ["t"], heartbeatInterval: 500 };
      const busy = connect().consumer({ ...options, autoOffsetReset: "earliest" });
      const reading = [
        (async () => {
          for await (const _ of busy) await platform.timers.sleep(10_000);
        })(),
      ];
      await platform.timers.sleep(2000);
      const late = connect().consumer({ ...options, ...membership });
      reading.push(take(late, 1).then(() => {}));
      await platform.timers.sleep(3000);
      await late.close();
      await platform.timers.sleep(8000);
      expect((await client.admin.describeGroup("g")).members).toHaveLength(1);
      expect(busy.assignment).toHaveLength(2);
      await busy.close();
      await Promise.all(reading);
    }),
);
