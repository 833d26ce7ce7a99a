// Many programs, one a line of standard input, each as a real application, with the same parameters, in one process: a
// process for each would take minutes. Ends at SIGTERM, or when one of them fails.
import { text } from "node:stream/consumers";

import { readLines } from "../oracle.ts";
import type { Program } from "../program.ts";
import { readApplicationOptions } from "./options.ts";
import { runApplication } from "./run-application.ts";

const parameters = process.argv.slice(2);
const programs = readLines<Program>(await text(process.stdin));
process.setMaxListeners(0); // each listens for the end

async function run(program: Program): Promise<void> {
  const code = await runApplication(readApplicationOptions(parameters, program));
  if (code === 0) return;
  process.stderr.write(`${program.name} failed\n`);
  process.exit(code);
}

await Promise.all(programs.map(run));
