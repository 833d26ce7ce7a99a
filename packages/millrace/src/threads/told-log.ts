import { messageOf } from "@millrace/model";
import type { LogFields, Logger } from "@millrace/platform";

import type { FromThread } from "./thread-messages.ts";
import { failureOf, isClonable, isError, tellFailure } from "./told-failure.ts";

/** Tells the application what is to be logged: its logger decides, and lives in its thread. */
export function toldLogger(tell: (message: FromThread) => void): Logger {
  return {
    isEnabled: () => true,
    log: (level, event, fields = {}) => {
      const entries = Object.entries(fields);
      const failures = entries.flatMap(([name, value]) =>
        isError(value) ? [[name, tellFailure(value)] as const] : [],
      );
      const others = entries.filter(([, value]) => !isError(value));
      tell({
        kind: "log",
        level,
        event,
        fields: Object.fromEntries(
          others.map(([name, value]) => [name, isClonable(value) ? value : messageOf(value)]),
        ),
        failures: Object.fromEntries(failures),
      });
    },
  };
}

/** The other side. */
export function logTold(
  { level, event, fields, failures }: Extract<FromThread, { readonly kind: "log" }>,
  logger: Logger,
): void {
  const errors: LogFields = Object.fromEntries(
    Object.entries(failures).map(([name, failure]) => [name, failureOf(failure)]),
  );
  logger.log(level, event, { ...fields, ...errors });
}
