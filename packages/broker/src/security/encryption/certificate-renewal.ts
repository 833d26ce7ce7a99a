import type { Listener, ServerTls } from "@millrace/platform";
import type { Logger } from "@millrace/platform";
import type { RecurringJob } from "../../upkeep/recurring-jobs.ts";

/** Within which time a renewed certificate is used. */
const intervalMs = 10_000;

export interface RenewedListener {
  readonly name: string;
  readonly bound: Listener;
  /** What is used. */
  readonly tls: ServerTls;
  /** Reads it anew. @throws ConfigError */
  readonly read: () => ServerTls;
}

/**
 * Looks whether the files of certificates have changed, and greets with those from then on. What cannot
 * be read is told once, and what was there before stays.
 */
export function certificateRenewal(
  logger: Logger,
  listeners: readonly RenewedListener[],
): RecurringJob {
  const watched = listeners.map((listener) => ({ listener, last: textOf(listener.tls), told: "" }));
  return {
    name: "certificates",
    delayMs: intervalMs,
    intervalMs: () => intervalMs,
    run: async () => {
      for (const entry of watched) {
        const { name, bound, read } = entry.listener;
        try {
          const tls = read();
          const text = textOf(tls);
          if (text === entry.last) continue;
          bound.renewTls(tls);
          entry.last = text;
          entry.told = "";
          logger.log("info", "broker.certificates-renewed", { listener: name });
        } catch (error) {
          if (entry.told === String(error)) continue;
          entry.told = String(error);
          logger.log("warn", "broker.certificates-not-renewed", { listener: name, error });
        }
      }
    },
  };
}

function textOf(tls: ServerTls): string {
  return JSON.stringify(tls, (_key, value: unknown) =>
    value instanceof Uint8Array ? Array.from(value).join() : value,
  );
}
