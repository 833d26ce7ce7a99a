import { causesOf, messageOf, stackOf } from "@millrace/model";

import { logLevelRank, type LogFields, type Logger, type LogLevel } from "../logger.ts";
import { plainError } from "../logging/plain-error.ts";

/** One JSON object per line: time, level, event, then the fields. */
export class JsonLineLogger implements Logger {
  readonly #least: number;
  readonly #writeLine: (line: string) => void;

  constructor(least: LogLevel | "silent", writeLine: (line: string) => void = writeStandardError) {
    this.#least = logLevelRank[least];
    this.#writeLine = writeLine;
  }

  isEnabled(level: LogLevel): boolean {
    return logLevelRank[level] >= this.#least;
  }

  log(level: LogLevel, event: string, fields?: LogFields): void {
    if (!this.isEnabled(level)) return;
    const line = { time: new Date().toISOString(), level, event, ...fields };
    this.#writeLine(jsonOf(line) ?? JSON.stringify(tellable(line), plainValue));
  }
}

function writeStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Undefined: there is a circle in it, or it answers with an error. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, plainValue);
  } catch {
    return undefined; // the caller has another form for it
  }
}

/** What programs throw may be of any shape: each field as well as it can be told, so that no line is lost for one. */
function tellable(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      jsonOf(value) === undefined ? outlineOf(value) : value,
    ]),
  );
}

function outlineOf(value: unknown): unknown {
  const errors = causesOf(value).map((error) => ({
    message: messageOf(error),
    stack: stackOf(error),
  }));
  return errors.length === 0 ? messageOf(value) : errors;
}

/** Durations and times as whole milliseconds. What JSON cannot say: errors with their causes, big integers; bytes are told by length alone. */
function plainValue(key: string, value: unknown): unknown {
  // Clocks tell fractions, which nobody reads.
  if (typeof value === "number" && key.endsWith("Ms")) return Math.round(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value instanceof Error ? plainError(value) : value;
}
