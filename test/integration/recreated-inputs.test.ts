import { describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import type { TestWorld } from "./world/test-world.ts";
import { upperCase } from "./world/upper-case.ts";
import { linesOf } from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), { lines: 1, copies: 1 });

describe("an input topic that was deleted and made anew", () => {
  const recreated = {
    code: "SOURCE_TOPIC_RECREATED",
    message: expect.stringMatching(
      /the input topic lines was deleted and made anew.* "npx millrace streams reset app --state DIR --execute"/,
    ),
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
    expect(await failureOf(app.closed)).toMatchObject(recreated);
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
