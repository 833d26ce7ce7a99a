import { abortable, JoinedSignal } from "@millrace/platform";
import { SerdeTimeoutError, type SerdePreparation, type SerdeUses } from "@millrace/serde";
import type { ClientContext } from "./client-context.ts";
import { isRetriable } from "./connection/retrying.ts";
import { signalAfter } from "./signal-after.ts";

export interface PrepareBounds {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Of this bound, so far. */
  readonly waitedMs?: number;
}

/**
 * Has serdes fetch what they need, all at the same time. What may pass (`retriable`) is waited for within the bound, and
 * told by the log.
 *
 * @throws what a serde rejects with; SerdeTimeoutError; the signal's reason
 */
export async function prepareSerdes(
  { preparations }: SerdeUses,
  context: ClientContext,
  { signal, timeoutMs, waitedMs = 0 }: PrepareBounds,
): Promise<void> {
  const missing = new Set(preparations);
  const { platform } = context;
  const late = signalAfter(platform, Math.max(0, timeoutMs - waitedMs), () =>
    tooLate([...missing], timeoutMs),
  );
  const failed = new AbortController();
  using within = new JoinedSignal(signal, late.signal, failed.signal);
  try {
    await Promise.all(
      preparations.map(async (one) => {
        await prepare(one, context, within.signal);
        missing.delete(one);
      }),
    );
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    late.cancel();
  }
}

async function prepare(
  { serde, use }: SerdePreparation,
  { platform, options }: ClientContext,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await abortable(Promise.resolve(serde.prepare?.(use, signal)), signal);
      return;
    } catch (cause) {
      signal.throwIfAborted();
      if (!isRetriable(cause)) throw cause;
      platform.logger.log("warn", "client.serde-awaited", {
        serde: serde.name,
        ...use,
        cause: String(cause),
      });
      await platform.timers.sleep(options.retryBackoffMsMax, signal);
    }
  }
}

function tooLate(missing: readonly SerdePreparation[], waitedMs: number): SerdeTimeoutError {
  const failing = missing.find(({ serde }) => serde.source?.failure !== undefined) ?? missing[0];
  const { serde, use } = failing;
  return new SerdeTimeoutError({
    what: `what ${serde.name} needs for the ${use.part}s of ${use.topic}`,
    source: serde.source,
    waitedMs,
  });
}
