// Programs on standard input, one JSON object a line; their outcomes on standard output, in order.
// `CONFORMANCE_MESSAGES=1` adds the texts of errors, for people.
import { linesOf } from "../../packages/cli/src/terminal/lines-of.ts";
import type { Program } from "./program.ts";
import { runProgram } from "./run-program.ts";

for await (const line of linesOf(process.stdin)) {
  if (!line.trim().startsWith("{")) continue;
  const outcome = await runProgram(JSON.parse(line) as Program);
  // A window without an end ends at Java's highest long, which is no number of ours.
  const text = JSON.stringify(outcome).replaceAll(String(2 ** 63), "9223372036854775807");
  process.stdout.write(`${text}\n`);
}
