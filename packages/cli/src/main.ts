#!/usr/bin/env node
import { createInterface } from "node:readline";

import { runCommand } from "./run-command.ts";

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
