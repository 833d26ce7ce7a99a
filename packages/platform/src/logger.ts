/** Events, not prose: a constant name and fields. Nothing in Millrace prints. */
export interface Logger {
  /** Ask before building fields on a hot path. */
  isEnabled(level: LogLevel): boolean;
  log(level: LogLevel, event: string, fields?: LogFields): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Of levels, and of none, in their order. */
export const logLevelRank = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** Never record payloads or secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Drops everything. */
export const silentLogger: Logger = { isEnabled: () => false, log: () => {} };
