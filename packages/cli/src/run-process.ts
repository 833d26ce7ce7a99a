import { createInterface } from "node:readline";

import { runCommand } from "./run-command.ts";

/** Runs what the command line of this process asks for, and sets its exit code. SIGINT and SIGTERM end it;
 * a second one at once. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  process.exitCode = await runCommand(
    process.argv.slice(2),
    {
      lines: () => createInterface({ input: process.stdin }),
      print: (line) => process.stdout.write(`${line}\n`),
      signal: stop.signal,
    },
    (line) => process.stderr.write(`${line}\n`),
  );
}
