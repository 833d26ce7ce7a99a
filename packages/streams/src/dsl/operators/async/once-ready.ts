import { SerdePendingError, SerdeWait } from "@millrace/serde";

import type { AsyncWork } from "../../../processor/async-work.ts";

/** Calls again as soon as the serde has what it waits for; fails as it does where that takes too long. */
export async function onceReady(
  first: SerdePendingError,
  call: () => unknown,
  { waits }: AsyncWork,
): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => {}); // where it was in time
  let pending = first;
  const wait = new SerdeWait(first, {
    ...waits,
    wake: () => {
      if (wait.isTooLong) reject(pending);
    },
  });
  try {
    for (;;) {
      await Promise.race([pending.ready, late]);
      try {
        return call();
      } catch (thrown) {
        if (!(thrown instanceof SerdePendingError)) throw thrown;
        pending = thrown;
        wait.again(pending);
      }
    }
  } finally {
    wait.close();
  }
}
