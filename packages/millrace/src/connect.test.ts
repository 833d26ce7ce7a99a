import { expect, test } from "vitest";

import { connect } from "./connect.ts";

test.each([
  ["nothing", undefined, "it was given undefined"],
  ["a promise", Promise.resolve({ bootstrapServers: "a:9092" }), "a promise (await it first)"],
  ["an address alone", "a:9092", 'it was given "a:9092"'],
  ["no brokers", {}, "bootstrapServers is missing"],
  ["brokers that are still awaited", { bootstrapServers: Promise.resolve("a:9092") }, "await it"],
])("connect names what it was given: %s", (_, given, message) => {
  expect(() => connect(given as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    }),
  );
});
