/**
 * Waits for something to end, and asks it to at SIGINT and SIGTERM. A second signal ends the process at once,
 * which is as safe as a crash.
 */
export async function untilSignalled(ended: Promise<void>, stop: () => void): Promise<void> {
  const first = (): void => {
    process.once("SIGINT", second).once("SIGTERM", second);
    stop();
  };
  process.once("SIGINT", first).once("SIGTERM", first);
  try {
    await ended;
  } finally {
    for (const listener of [first, second]) {
      process.off("SIGINT", listener).off("SIGTERM", listener);
    }
  }
}

function second(): void {
  process.exit(1);
}
