import { ProgressLine, type ProgressOutput } from "@millrace/cli";
import type { Platform } from "@millrace/platform";

const intervalMs = 100;

/**
 * Shows on a terminal how far the stores of an application are restored, while it starts. Elsewhere it shows nothing, and
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
  const shown = (async () => {
    while (!ended.signal.aborted) {
      const done = sumOf("restore-records-total");
      const remaining = sumOf("restore-remaining-records-total");
      const total = done + remaining;
      if (remaining > 0) line.show({ label: "restoring state", done, total, unit: "records" });
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
