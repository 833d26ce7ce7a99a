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
    this.#writeLine(
      JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }, plainValue),
    );
  }
}

function writeStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
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
