import { decodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { committedOf, inClientWorld, send, take } from "./client-world.ts";

describe("a second loop over a consumer", () => {
  test("is refused by name while the first one waits, which loses nothing", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 100,
      });
      const first = take(consumer, 3);
      await expect(take(consumer, 3)).rejects.toMatchObject({ code: "CONSUMER_IN_USE" });
      await platform.timers.sleep(1000);
      await expect(take(consumer, 3)).rejects.toMatchObject({ code: "CONSUMER_IN_USE" });
      await send(client, "t", ["0", "1", "2", "3"]);
      expect(await first).toEqual(["0", "1", "2"]);
      await consumer.close();
      expect(await committedOf(client, "g", "t")).toBe(2);
    }));

  test("is refused while the first one works on a record, which is not taken for done", () =>
    inClientWorld(async ({ client, platform }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      const consumer = client.consumer({
        groupId: "g",
        topics: ["t"],
        autoOffsetReset: "earliest",
        autoCommitInterval: 100,
      });
      for await (const { value } of consumer) {
        expect(decodeUtf8(value ?? new Uint8Array())).toBe("0");
        await expect(take(consumer, 1)).rejects.toMatchObject({ code: "CONSUMER_IN_USE" });
        await platform.timers.sleep(1000);
        break;
      }
      expect(await take(consumer, 1)).toEqual(["1"]);
      await consumer.close();
      expect(await committedOf(client, "g", "t")).toBe(1);
    }));

  test("is taken up once the first one has failed", () =>
    inClientWorld(async ({ client }) => {
      await client.admin.createTopics([{ name: "t", partitionCount: 1 }]);
      await send(client, "t", ["0", "1"]);
      const consumer = client.consumer({ topics: ["t"], autoOffsetReset: "none" });
      await expect(take(consumer, 1)).rejects.toMatchObject({ code: "OFFSET_OUT_OF_RANGE" });
      consumer.seek({ topic: "t", partition: 0 }, 1);
      expect(await take(consumer, 1)).toEqual(["1"]);
    }));
});
