import { nodePlatform } from "@millrace/platform/node";
import { SerdePendingError } from "@millrace/serde";

import { CommandError } from "./command-error.ts";
import { untilEnded } from "./until-ended.ts";

/** A serde asks for as long as it is asked; somebody waits for this command. */
const fetchMsMax = 10_000;

/**
 * Does a piece of work again until no serde has to wait for a schema any more.
 *
 * @throws CommandError: no schema came; what the work throws
 */
export async function whenFetched<Result>(
  work: () => Result,
  signal: AbortSignal,
): Promise<Result> {
  let isOver: (() => boolean) | undefined;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SerdePendingError)) throw error;
      const failure = error.source?.failure;
      if (isOver !== undefined && failure !== undefined)
        throw new CommandError(`${error.what} cannot be had: ${failure.message}`);
      if (isOver?.() === true)
        throw new CommandError(`${error.what} did not come within ${fetchMsMax / 1000} s`);
      isOver ??= deadline();
      await Promise.race([error.ready, untilEnded(signal)]);
      signal.throwIfAborted();
    }
  }
}

function deadline(): () => boolean {
  const { clock } = nodePlatform();
  const endMs = clock.monotonicMs() + fetchMsMax;
  return () => clock.monotonicMs() >= endMs;
}
