import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";
import { expectShared } from "./world/shared-tasks.ts";
import type { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  expectCountedAtLeast,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

const groupProtocol = "streams";
describe("instances in a group whose tasks the broker shares out", () => {
  test.each(["exactly_once", "at_least_once"] as const)(
    "come, go, are killed and come back as the same member, %s",
    async (processingGuarantee) => {
      const lines = linesOf(1500);
      const options = { groupProtocol, processingGuarantee } as const;
      const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
      await expectShared(first);
      await world.produce("lines", lines.slice(0, 500));
      const mortal = world.process();
      const second = await world.app(
        wordCount(),
        { ...options, stateDirectory: "/second", closeTimeout: 200 },
        mortal,
      );
      await expectShared(first, second);
      await world.produce("lines", lines.slice(500, 1000));
      const { memberId } = second;
      mortal.die();
      const again = await world.app(wordCount(), { ...options, stateDirectory: "/second" });
      expect(again.memberId).toBe(memberId);
      await expectShared(first, again);
      await world.produce("lines", lines.slice(1000));
      await first.close();
      await expectShared(again);
      if (processingGuarantee === "exactly_once") {
        await expectCounted(world, lines);
        await expectCopiedOnce(world, lines);
      } else await expectCountedAtLeast(world, lines); // the one that was killed may have begun
      const groups = await world.client.admin.listGroups();
      expect(groups).toMatchObject([{ groupId: "app", protocolType: "streams" }]);
    },
  );

  test.each([
    ["classic", "streams"],
    ["streams", "classic"],
  ] as const)("of a group that is %s are told why %s ones have to wait", async (left, other) => {
    const mortal = world.process();
    await world.app(wordCount(), { groupProtocol: left, closeTimeout: 200 }, mortal);
    mortal.die();
    expect(await failureOf(world.app(wordCount(), { groupProtocol: other }))).toMatchObject({
      code: "GROUP_REFUSED",
      message: expect.stringMatching(/members with another groupProtocol.*sessions end/),
    });
  });

  test("end with the name of an input that is not there", async () => {
    const builder = new StreamsBuilder();
    builder.stream("lines", { value: string() }).to("copies");
    builder.stream("nowhere", { value: string() }).to("copies");
    const failure = await failureOf(world.app(builder.build(), { groupProtocol }));
    expect(failure).toMatchObject({ code: "MISSING_SOURCE_TOPIC" });
    expect(failure.message).toContain("nowhere");
  });

  test("end where inputs that are joined differ in their partitions", async () => {
    await world.createTopics({ narrow: 2 });
    const builder = new StreamsBuilder();
    const narrow = builder.table("narrow", { key: string(), value: string() });
    builder
      .stream("lines", { key: string(), value: string() })
      .join(narrow, (line, other) => `${line} ${other}`)
      .to("copies", { key: string(), value: string() });
    const failure = await failureOf(world.app(builder.build(), { groupProtocol }));
    expect(failure).toMatchObject({ code: "PARTITIONS_DIFFER" });
    expect(failure.message).toContain("narrow");
  });

  test("cannot read by a pattern", async () => {
    const builder = new StreamsBuilder();
    builder.stream(/^lin/, { value: string() }).to("copies");
    const failure = await failureOf(world.app(builder.build(), { groupProtocol }));
    expect(failure).toMatchObject({ code: "INVALID_OPTION" });
  });

  test("are refused where the group has another topology", async () => {
    await world.app(wordCount(), { groupProtocol });
    const builder = new StreamsBuilder();
    builder.stream("lines", { value: string() }).to("copies");
    const failure = await failureOf(world.app(builder.build(), { groupProtocol }));
    expect(failure).toMatchObject({
      code: "GROUP_REFUSED",
      message: expect.stringMatching(/groupProtocol "classic".*another applicationId/),
    });
  });
});
