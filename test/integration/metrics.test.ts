import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

const patience = { timeout: 10_000 };
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 2, copies: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

test("an application tells what it reads, processes, writes and commits, and how far it is behind", async () => {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).to("copies");
  const app = await world.app(builder.build(), {});
  const value = (name: string, tags: Readonly<Record<string, string>> = {}): number =>
    app
      .metrics()
      .filter(
        (one) =>
          one.name === name && Object.entries(tags).every(([tag, text]) => one.tags[tag] === text),
      )
      .reduce((sum, one) => sum + one.value, 0);
  await world.produce("lines", ["one", "two", "three"]);
  await expect
    .poll(() => value("records-produced-total", { "topic-name": "copies" }), patience)
    .toBe(3);
  expect(value("records-consumed-total", { "topic-name": "lines" })).toBe(3);
  expect(value("bytes-produced-total", { "topic-name": "copies" })).toBeGreaterThanOrEqual(11);
  await expect.poll(() => value("process-total"), patience).toBe(3);
  await expect.poll(() => value("commit-total"), patience).toBeGreaterThan(0);
  await expect.poll(() => value("records-lag", { topic: "lines" }), patience).toBe(0);
  expect(value("poll-total")).toBeGreaterThan(0);
  expect(value("task-created-total")).toBe(2);
  expect(value("client-state")).toBe(2);
  const threads = new Set(app.metrics().flatMap(({ tags }) => tags["thread-id"] ?? []));
  expect([...threads]).toEqual([expect.stringMatching(/-StreamThread-1$/)]);

  await app.close();
  expect(value("client-state")).toBe(4);
  expect(value("task-closed-total")).toBe(2);
  expect(app.metrics().filter(({ name }) => name === "records-lag")).toEqual([]);
});
