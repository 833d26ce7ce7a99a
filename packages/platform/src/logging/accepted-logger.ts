import type { LogFields, Logger, LogLevel } from "../logger.ts";
import { plainError } from "./plain-error.ts";

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

/**
 * pino and its kin take the fields first, and know an error by the name `err`; winston the message first, and loses what
 * errors are made of; the others, such as `console`, the message first, and show errors well.
 */
function partsOf(logger: Methods, event: string, fields: LogFields): readonly unknown[] {
  const isWinston = typeof logger["isInfoEnabled"] === "function";
  const hasChildren = typeof logger["child"] === "function";
  if (hasChildren && !isWinston) return [errorAsErr(fields), event];
  if (!hasChildren) return Object.keys(fields).length === 0 ? [event] : [event, fields];
  const plain = Object.entries(fields).map(([name, value]) => [
    name,
    value instanceof Error ? plainError(value) : value,
  ]);
  return [event, Object.fromEntries(plain)];
}

function errorAsErr(fields: LogFields): LogFields {
  const name = ["cause", "error"].find((one) => fields[one] instanceof Error);
  if (name === undefined || "err" in fields) return { ...fields };
  const { [name]: err, ...others } = fields;
  return { ...others, err };
}

type Methods = Readonly<Record<string, unknown>>;

function methodsOf(given: unknown): Methods {
  const isObject = typeof given === "object" || typeof given === "function";
  return isObject && given !== null ? (given as Methods) : {}; // each is looked at before it is called
}

function isOwn({ isEnabled, log }: Methods): boolean {
  return typeof isEnabled === "function" && typeof log === "function";
}

/** What a method answers; undefined where there is none. */
function call(logger: Methods, name: string, parts: readonly unknown[]): unknown {
  const method = logger[name];
  return typeof method === "function" ? Reflect.apply(method, logger, parts) : undefined;
}
