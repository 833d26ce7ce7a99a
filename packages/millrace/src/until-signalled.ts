/**
 * Runs something that ends when its signal aborts: at SIGINT and SIGTERM. A second signal ends the process at once,
 * which is as safe as a crash.
 */
export async function untilSignalled(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const first = (): void => {
    process.once("SIGINT", second).once("SIGTERM", second);
    stop.abort();
  };
  process.once("SIGINT", first).once("SIGTERM", first);
  try {
    await run(stop.signal);
  } finally {
    for (const listener of [first, second]) {
      process.off("SIGINT", listener).off("SIGTERM", listener);
    }
  }
}

function second(): void {
  process.exit(1);
}
