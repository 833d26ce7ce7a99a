import { messageOf } from "@millrace/model";
import { JoinedSignal, type Platform, type Timer } from "@millrace/platform";
import type { SerdePreparation } from "@millrace/serde";

import { ApplicationError } from "../error/application-error.ts";

const firstLineMs = 1000;
const lineMs = 10_000;
const firstPauseMs = 100;
const pauseMsMax = 5000;

interface Preparing {
  readonly application: string;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

/**
 * Has serdes fetch what they need before any record flows, all at the same time, and waits for as long as that takes:
 * the log says for whom. What may pass (`retriable`) is tried again.
 *
 * @throws ApplicationError `SERDE_NOT_PREPARED`; the signal's reason
 */
export async function prepareSerdes(
  preparations: readonly SerdePreparation[],
  { application, platform, signal }: Preparing,
): Promise<void> {
  const failed = new AbortController();
  using ends = new JoinedSignal(signal, failed.signal);
  const within = { platform, signal: ends.signal };
  const missing = new Set(preparations);
  const tell = (): void => {
    const serdes = [...missing].map(textOf);
    platform.logger.log("info", "streams.serdes-awaited", { application, serdes });
    timer = platform.timers.after(lineMs, tell);
  };
  let timer: Timer = platform.timers.after(firstLineMs, tell);
  try {
    await Promise.all(
      preparations.map(async (one) => {
        await prepare(one, within);
        missing.delete(one);
      }),
    );
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    timer.cancel();
  }
}

async function prepare(
  preparation: SerdePreparation,
  { platform, signal }: Pick<Preparing, "platform" | "signal">,
): Promise<void> {
  const { serde, use } = preparation;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    signal.throwIfAborted();
    try {
      await endedBy(Promise.resolve(serde.prepare?.(use, signal)), signal);
      return;
    } catch (cause) {
      signal.throwIfAborted();
      const what = `${textOf(preparation)} could not be prepared: ${messageOf(cause)}`;
      if (!isRetriable(cause)) throw new ApplicationError("SERDE_NOT_PREPARED", what, { cause });
      platform.logger.log("warn", "streams.serde-not-prepared", {
        cause,
        serde: textOf(preparation),
      });
      await platform.timers.sleep(pauseMs, signal);
    }
  }
}

/** Also where the serde does not look at its signal. */
function endedBy(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

function isRetriable(error: unknown): boolean {
  return error instanceof Error && "retriable" in error && error.retriable === true;
}

function textOf({ serde, use }: SerdePreparation): string {
  return `the serde ${serde.name} of the ${use.part}s of ${use.topic}`;
}
