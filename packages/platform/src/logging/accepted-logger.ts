import type { Logger, LogLevel } from "../logger.ts";
import { call, isOwn, methodsOf } from "./logger-methods.ts";
import { partsOf } from "./logger-parts.ts";

/** Called with the words of its library; which those are only the logger knows. */
type LogMethod = (...parts: never[]) => unknown;

/** What pino, Fastify's `app.log`, bunyan, winston, log4js, consola and `console` have in common. */
export interface LeveledLogger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

/** What programs may bring as their logger: one that they have, or an object of `Logger`. */
export type AnyLogger = LeveledLogger | Logger;

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export const loggerKind = {
  allowed:
    "a logger with methods debug, info, warn and error, such as pino's, winston's or console, or one with log and isEnabled",
  accepts: (given: unknown): boolean => {
    const logger = methodsOf(given);
    return isOwn(logger) || levels.every((level) => typeof logger[level] === "function");
  },
};

/** The port's `Logger` on whatever was brought; it throws what that throws. */
export function acceptLogger(given: AnyLogger): Logger {
  const logger = methodsOf(given);
  if (isOwn(logger)) return given as Logger; // it has its methods
  const isEnabled = (level: LogLevel): boolean => call(logger, "isLevelEnabled", [level]) !== false;
  return {
    isEnabled,
    log: (level, event, fields = {}) => call(logger, level, partsOf(logger, event, fields)),
  };
}
