import type { LogFields, Logger } from "../logger.ts";

/** A logger whose events all say where they come from. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    isEnabled: (level) => logger.isEnabled(level),
    log: (level, event, own) => logger.log(level, event, { ...fields, ...own }),
  };
}
