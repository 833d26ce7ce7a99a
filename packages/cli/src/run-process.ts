import { createInterface } from "node:readline";

import { runCommand } from "./run-command.ts";

/** Runs what the command line of this process asks for, and sets its exit code. SIGINT and SIGTERM end it. */
export async function runProcess(): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
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
