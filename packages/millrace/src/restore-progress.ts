import { ProgressLine, type ProgressOutput } from "@millrace/cli";
import type { Platform } from "@millrace/platform";

const intervalMs = 100;
/** A start that takes longer than this is shown too, in seconds: it waits for brokers, or for other members. */
const quietMs = 1000;

/**
 * Shows on a terminal that an application starts, and how far its stores are restored. Elsewhere it shows nothing, and
 * costs nothing.
 */
export async function withRestoreProgress<Result>(
  { timers, clock, metrics }: Platform,
  start: () => Promise<Result>,
  output: ProgressOutput = process.stderr,
): Promise<Result> {
  const line = new ProgressLine(output, () => clock.monotonicMs());
  if (!line.isVisible) return start();
  const ended = new AbortController();
  const sumOf = (name: string): number =>
    metrics
      .snapshot()
      .reduce((sum, metric) => (metric.name === name ? sum + metric.value : sum), 0);
  const startMs = clock.monotonicMs();
  const shown = (async () => {
    while (!ended.signal.aborted) {
      const elapsedMs = clock.monotonicMs() - startMs;
      const done = sumOf("restore-records-total");
      const remaining = sumOf("restore-remaining-records-total");
      const total = done + remaining;
      if (remaining > 0) line.show({ label: "restoring state", done, total, unit: "records" });
      else if (elapsedMs >= quietMs)
        line.show({ label: "starting", done: Math.floor(elapsedMs / 1000), unit: "s" });
      await timers.sleep(intervalMs, ended.signal).catch(() => {}); // ended
    }
  })();
  try {
    return await start();
  } finally {
    ended.abort();
    await shown;
    line.clear();
  }
}
