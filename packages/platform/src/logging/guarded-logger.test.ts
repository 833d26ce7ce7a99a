import { expect, it, test } from "vitest";

import type { Logger, LogLevel } from "../logger.ts";
import { loggerKind, type AnyLogger } from "./accepted-logger.ts";
import { GuardedLogger, type GuardedLoggerOptions } from "./guarded-logger.ts";
import { withFields } from "./with-fields.ts";

/** Methods that note what they are given, as what they belong to needs its `this`. */
function noting(more: object = {}) {
  const lines: unknown[][] = [];
  const note = (level: string) =>
    function (this: unknown, ...parts: unknown[]): void {
      if (this !== logger) throw new Error("called without its object");
      lines.push([level, ...parts]);
    };
  const logger = {
    debug: note("debug"),
    info: note("info"),
    warn: note("warn"),
    error: note("error"),
    ...more,
  };
  return { logger, lines };
}

function guarded(logger: AnyLogger, more: Partial<GuardedLoggerOptions> = {}) {
  const told: { event: string; fields: object | undefined }[] = [];
  const fallback: Logger = {
    isEnabled: () => true,
    log: (_level, event, fields) => void told.push({ event, fields }),
  };
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  return { told, clock, logger: new GuardedLogger(logger, { clock, fallback, ...more }) };
}

const failure = Object.assign(new Error("disk is full"), { code: "FULL" });

it("gives pino and its kin the fields first, and an error as err", () => {
  const { logger, lines } = noting({ child: () => logger, isLevelEnabled: () => true });
  guarded(logger).logger.log("warn", "streams.closed", { task: "0_1", cause: failure });
  guarded(logger).logger.log("info", "streams.begun");
  expect(lines).toEqual([
    ["warn", { task: "0_1", err: failure }, "streams.closed"],
    ["info", {}, "streams.begun"],
  ]);
});

it("gives winston the message first, and errors as objects that its formats show", () => {
  const { logger, lines } = noting({ child: () => logger, isInfoEnabled: () => true });
  guarded(logger).logger.log("error", "streams.closed", { task: "0_1", cause: failure });
  expect(lines).toEqual([
    [
      "error",
      "streams.closed",
      {
        task: "0_1",
        cause: { name: "Error", code: "FULL", message: "disk is full", stack: failure.stack },
      },
    ],
  ]);
});

it("gives the likes of console the message first, then the fields as they are", () => {
  const { logger, lines } = noting();
  guarded(logger).logger.log("debug", "streams.closed", { cause: failure });
  guarded(logger).logger.log("info", "streams.begun");
  expect(lines).toEqual([
    ["debug", "streams.closed", { cause: failure }],
    ["info", "streams.begun"],
  ]);
});

it("asks a logger of the port as it is", () => {
  const lines: unknown[][] = [];
  const own: Logger = {
    isEnabled: (level) => level === "error",
    log: (...parts) => void lines.push(parts),
  };
  const { logger } = guarded(own);
  expect([logger.isEnabled("warn"), logger.isEnabled("error")]).toEqual([false, true]);
  logger.log("warn", "a");
  logger.log("error", "b", { c: 1 });
  expect(lines).toEqual([["error", "b", { c: 1 }]]);
});

it("logs what the logger's own level takes, and nothing below the least level that was given", () => {
  const { logger, lines } = noting({
    child: () => logger,
    isLevelEnabled: (level: LogLevel) => level !== "debug",
  });
  const own = guarded(logger).logger;
  expect([own.isEnabled("debug"), own.isEnabled("info")]).toEqual([false, true]);
  own.log("debug", "a");
  const bounded = guarded(logger, { least: "warn" }).logger;
  expect([bounded.isEnabled("info"), bounded.isEnabled("warn")]).toEqual([false, true]);
  bounded.log("info", "b");
  guarded(logger, { least: "silent" }).logger.log("error", "c");
  expect(lines).toEqual([]);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "console"],
  ["an object without error", { debug() {}, info() {}, warn() {} }],
  ["methods that are none", { debug: true, info: true, warn: true, error: true }],
  ["log without isEnabled", { log() {} }],
])("refuses %s", (_, given) => {
  expect(loggerKind.accepts(given)).toBe(false);
});

test.each([
  ["console", console],
  ["an object of the port", { isEnabled: () => true, log() {} }],
  ["a function with the methods", Object.assign(() => {}, noting().logger)],
])("accepts %s", (_, given) => {
  expect(loggerKind.accepts(given)).toBe(true);
});

it("survives a logger that throws, asked and told, and says so once a minute", () => {
  const throwing = (): never => {
    throw failure;
  };
  const methods = noting({ child: throwing, info: throwing, warn: throwing }).logger;
  const { logger, told, clock } = guarded(methods);
  for (let line = 0; line < 3; line++) logger.log("info", "streams.begun");
  expect(told).toEqual([
    { event: "logger.failed", fields: { cause: failure, lost: "streams.begun" } },
  ]);
  clock.nowMs = 60_000;
  logger.log("warn", "streams.closed");
  expect(told).toHaveLength(2);
  const asked = guarded({ ...methods, isLevelEnabled: throwing } as AnyLogger);
  expect(asked.logger.isEnabled("info")).toBe(false);
  expect(asked.told).toHaveLength(1);
});

it("survives a logger whose promise rejects", async () => {
  const { logger, told } = guarded({
    isEnabled: () => true,
    log: async () => {
      throw failure;
    },
  });
  logger.log("info", "streams.begun");
  await Promise.resolve();
  await Promise.resolve();
  expect(told.map(({ event }) => event)).toEqual(["logger.failed"]);
});

it("gives a slow logger a tenth of the time: lines beyond it are left out and counted, but for errors", () => {
  let lines = 0;
  const slow = noting({
    info: () => void ((clock.nowMs += 400), lines++),
    error: () => void ((clock.nowMs += 400), lines++),
  }).logger;
  const { logger, told, clock } = guarded(slow);
  for (let line = 0; line < 100; line++) logger.log("info", "streams.begun");
  expect(lines).toBe(3);
  logger.log("error", "streams.failed");
  expect(lines).toBe(4);
  expect(told).toEqual([]);
  clock.nowMs = 10_000;
  logger.log("info", "streams.begun");
  expect(lines).toBe(5);
  expect(told).toEqual([{ event: "logger.too-slow", fields: { events: 97, takenMs: 1600 } }]);
});

it("binds fields to all events, which may have others", () => {
  const { logger, lines } = noting();
  const bound = withFields(guarded(logger).logger, { application: "orders", task: "0_1" });
  bound.log("info", "a");
  bound.log("info", "b", { task: "0_2", more: 1 });
  expect(lines).toEqual([
    ["info", "a", { application: "orders", task: "0_1" }],
    ["info", "b", { application: "orders", task: "0_2", more: 1 }],
  ]);
});
