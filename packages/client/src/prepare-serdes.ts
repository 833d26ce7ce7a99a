import { abortable } from "@millrace/platform";
import type { SerdeUses } from "@millrace/serde";
import type { ClientContext } from "./client-context.ts";
import { isRetriable } from "./connection/retrying.ts";

/**
 * Has serdes fetch what they need, all at the same time. What may pass (`retriable`) is waited for, and told by the log.
 *
 * @throws what a serde rejects with; the signal's reason
 */
export async function prepareSerdes(
  { preparations }: SerdeUses,
  { platform, options }: ClientContext,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const within = AbortSignal.any([signal, failed.signal]);
  const works = preparations.map(async ({ serde, use }) => {
    for (;;) {
      within.throwIfAborted();
      try {
        await abortable(Promise.resolve(serde.prepare?.(use, within)), within);
        return;
      } catch (cause) {
        within.throwIfAborted();
        if (!isRetriable(cause)) throw cause;
        platform.logger.log("warn", "client.serde-awaited", {
          serde: serde.name,
          ...use,
          cause: String(cause),
        });
        await platform.timers.sleep(options.retryBackoffMsMax, within);
      }
    }
  });
  try {
    await Promise.all(works);
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
