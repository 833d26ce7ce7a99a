const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs something that ends when its signal aborts: at SIGINT and SIGTERM. A second signal ends the process at once,
 * which is as safe as a crash.
 */
export async function untilSignalled(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  // One listener throughout: Node loses signals that come while the last one is exchanged.
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await run(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
