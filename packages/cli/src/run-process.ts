import { runCommand } from "./run-command.ts";
import { linesOf } from "./terminal/lines-of.ts";
import { ProgressLine } from "./terminal/progress-line.ts";
import type { Surroundings } from "./terminal/surroundings.ts";

/**
 * Runs what the command line of this process asks for, and sets its exit code. SIGINT and SIGTERM end it; a second
 * one at once. So does a reader of the output who goes away, as `head` does; that is no failure.
 */
export async function runProcess(surroundings?: Surroundings): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  let isUnread = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") isUnread = true;
    else process.stderr.write(`millrace: standard output: ${error.message}\n`);
    process.exitCode = isUnread ? 0 : 1;
    stop.abort();
  });
  process.stderr.on("error", () => {}); // nobody is left to be told
  const progress = new ProgressLine(process.stderr, () => performance.now());
  const code = await runCommand(
    process.argv.slice(2),
    {
      lines: () => linesUntil(stop.signal),
      print: (line) => {
        progress.clear();
        if (!isUnread) process.stdout.write(`${line}\n`);
      },
      signal: stop.signal,
      progress,
      ...(surroundings === undefined ? {} : { surroundings }),
    },
    (line) => {
      if (!isUnread) process.stderr.write(`${line}\n`);
    },
  );
  process.exitCode = isUnread ? 0 : (process.exitCode ?? code);
}

function linesUntil(signal: AbortSignal): AsyncIterable<string> {
  signal.addEventListener("abort", () => process.stdin.destroy(), { once: true });
  return linesOf(process.stdin);
}
