import { expect, test } from "vitest";
import { JsonLineLogger } from "./json-line-logger.ts";

test("the logger writes one JSON line per event of its level, with errors and bytes told", () => {
  const lines: string[] = [];
  const logger = new JsonLineLogger("warn", (line) => lines.push(line));
  logger.log("info", "ignored");
  const error = Object.assign(new Error("broken"), { code: "BROKEN" });
  logger.log("error", "disk.failed", { error, offset: 5n, bytes: new Uint8Array(3) });
  expect(logger.isEnabled("info")).toBe(false);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({
    level: "error",
    event: "disk.failed",
    error: { message: "broken", code: "BROKEN" },
    offset: "5",
    bytes: "3 bytes",
  });
});

test.each(["in a circle", "that answers with an error"])(
  "a line with a cause %s is told all the same",
  (kind) => {
    const lines: string[] = [];
    const logger = new JsonLineLogger("warn", (line) => lines.push(line));
    const circle: Record<string, unknown> = {};
    circle["itself"] = circle;
    const trap = { toJSON: () => JSON.parse("{") as unknown };
    const response = kind === "in a circle" ? circle : trap;
    const error = new Error("a call failed", { cause: new Error("refused", { cause: response }) });
    logger.log("error", "streams.application-failed", { application: "app", error, response });
    expect(JSON.parse(lines[0])).toMatchObject({
      event: "streams.application-failed",
      application: "app",
      error: [{ message: "a call failed" }, { message: "refused" }],
      response: "[object Object]",
    });
  },
);

test("errors that are each other's cause are told once each", () => {
  const lines: string[] = [];
  const logger = new JsonLineLogger("warn", (line) => lines.push(line));
  const one = new Error("one");
  one.cause = new Error("two", { cause: one });
  logger.log("error", "failed", { error: one });
  expect(JSON.parse(lines[0]).error).toMatchObject({ message: "one", cause: { message: "two" } });
  expect(JSON.parse(lines[0]).error.cause.cause).toBeUndefined();
});

test("durations and times are logged as whole milliseconds, other numbers as they are", () => {
  const lines: string[] = [];
  const logger = new JsonLineLogger("info", (line) => lines.push(line));
  logger.log("info", "done", { durationMs: 12.345678, use: 0.25, result: { waitMs: 0.6 } });
  expect(JSON.parse(lines[0])).toMatchObject({ durationMs: 12, use: 0.25, result: { waitMs: 1 } });
});
