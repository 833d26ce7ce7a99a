import { JoinedSignal } from "@millrace/platform";
import type { GlobalLoop } from "./global-loop.ts";

/**
 * Runs the loops of an application: the tasks once the global stores are loaded, and the global stores for as long as
 * there are tasks. Where one fails the other is ended, and both are closed.
 */
export async function runWithGlobalStores(
  {
    threads,
    global,
  }: {
    readonly threads: { run(stop: AbortSignal): Promise<void> };
    readonly global: GlobalLoop;
  },
  stop: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const tasksOver = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  try {
    await global.bootstrap(stop).catch(fail);
    const following = failed.signal.aborted
      ? undefined
      : global.follow(tasksOver.signal).catch(fail);
    try {
      using ends = new JoinedSignal(stop, failed.signal);
      await threads.run(ends.signal);
    } finally {
      tasksOver.abort();
      await following;
    }
    if (failed.signal.aborted && failed.signal.reason !== stop.reason) throw failed.signal.reason;
  } finally {
    await global.close();
  }
}
