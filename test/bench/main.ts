// Millrace beside Kafka Streams, in one go on one machine, run by run in turn. README.md says how it measures.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

import { parseBenchOptions } from "./options.ts";
import { kafkaMissing } from "./places.ts";
import { tableOf } from "./print-table.ts";
import { runBench } from "./run-bench.ts";
import { summarize } from "./summarize.ts";

const given = parseBenchOptions(process.argv.slice(2));
const missing = kafkaMissing();
const options = {
  ...given,
  systems: missing === undefined ? given.systems : given.systems.filter((s) => s === "millrace"),
};
if (missing !== undefined) console.error(`only millrace is measured: ${missing}`);

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

const { samples, loads } = await runBench(options, folder, missing === undefined, (line) =>
  console.error(line),
);
const rows = summarize(samples);
const wrong = samples.filter((sample) => sample.kind === "throughput" && sample.difference);
console.log(tableOf(rows));
console.log(
  `outputs: ${wrong.length === 0 ? "equal to the plain computation in every run" : `${wrong.length} runs differ`}`,
);
if (given.json !== undefined) {
  const machine = { cpus: cpus().length, model: cpus()[0].model, node: process.version };
  const report = { machine, options, notMeasured: missing, loads, rows, samples };
  writeFileSync(given.json, `${JSON.stringify(report, undefined, 2)}\n`);
}
process.exit(wrong.length === 0 ? 0 : 1);
