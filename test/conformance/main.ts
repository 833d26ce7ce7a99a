// Programs on standard input, one JSON object a line; their outcomes on standard output, in order.
// `CONFORMANCE_MESSAGES=1` adds the texts of errors, for people.
//
// With `--application`, the topology of one program runs as a real application instead: see `application/options.ts`.
import { text } from "node:stream/consumers";

import { linesOf } from "../../packages/cli/src/terminal/lines-of.ts";
import { ApplicationOptionError, readApplicationOptions } from "./application/options.ts";
import { runApplication } from "./application/run-application.ts";
import type { Program } from "./program.ts";
import { runProgram } from "./run-program.ts";

const [flag, ...parameters] = process.argv.slice(2);
if (flag === "--application") await application(parameters);
else await outcomes();

async function outcomes(): Promise<void> {
  for await (const line of linesOf(process.stdin)) {
    if (!line.trim().startsWith("{")) continue;
    const outcome = await runProgram(JSON.parse(line) as Program);
    // A window without an end ends at Java's highest long, which is no number of ours.
    const written = JSON.stringify(outcome).replaceAll(String(2 ** 63), "9223372036854775807");
    process.stdout.write(`${written}\n`);
  }
}

async function application(given: readonly string[]): Promise<void> {
  try {
    const program = JSON.parse(await text(process.stdin)) as Program;
    process.exitCode = await runApplication(readApplicationOptions(given, program));
  } catch (error) {
    if (!(error instanceof ApplicationOptionError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
