// The bundled broker beside Apache Kafka, with Kafka's own tools as the client of both. ../README.md says how it measures.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { median } from "../median.ts";
import { kafkaMissing } from "../places.ts";
import { type Contender, type Figures, measureBroker } from "./measure-broker.ts";
import { PerfTools } from "./perf-tools.ts";

const contenders: readonly Contender[] = [
  { name: "millrace, os", kind: "millrace", parameters: ["--durability", "os"] },
  { name: "millrace, group", kind: "millrace", parameters: ["--durability", "group"] },
  { name: "kafka", kind: "kafka", parameters: [] },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    megabytes: { type: "string", default: "200" },
    json: { type: "string" },
  },
});
const missing = kafkaMissing();
if (missing !== undefined)
  throw new Error(`Kafka's tools are the client of this bench: ${missing}`);
const rounds = Number(values.rounds);
const megabytes = Number(values.megabytes);

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-broker-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

const tools = new PerfTools(folder);
const measured = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const contender of contenders) {
    const data = mkdtempSync(join(folder, "data-"));
    const figures = await measureBroker(contender, { tools, folder: data, megabytes });
    measured.get(contender.name)?.push(figures);
    rmSync(data, { recursive: true, force: true });
    console.error(JSON.stringify({ round, name: contender.name, ...Object.fromEntries(figures) }));
  }
}

console.log(`| | ${contenders.map(({ name }) => name).join(" | ")} | os | group |`);
console.log(`|---${"|---".repeat(contenders.length + 2)}|`);
for (const figure of measured.get("kafka")?.[0].keys() ?? []) {
  const [os, group, kafka] = contenders.map(({ name }) =>
    median((measured.get(name) ?? []).map((figures) => figures.get(figure) ?? Number.NaN)),
  );
  const ratios = [os / kafka, group / kafka].map((ratio) => ratio.toFixed(2));
  console.log(
    `| ${figure} | ${[os, group, kafka].map(numberText).join(" | ")} | ${ratios.join(" | ")} |`,
  );
}
if (values.json !== undefined) {
  const rows = [...measured].map(([name, all]) => [
    name,
    all.map((one) => Object.fromEntries(one)),
  ]);
  writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`);
}

function numberText(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}
