import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { apacheKafkaFolder, missingFor, startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { runSuite } from "./run-suite.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 300_000;
const program = fileURLToPath(new URL("java/JavaClients.java", import.meta.url));
const checkCount = 25;

/** The lines of the checks that failed, and how many there were. */
async function checksOn(address: string): Promise<readonly [failed: string[], count: number]> {
  const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
  const parameters = ["-XX:TieredStopAtLevel=1", "-cp", `${library}/*`, program, address];
  const { output } = await runSuite("java", parameters, { timeoutMs });
  const checks = output.match(/^(?:ok|FAILED) .*(?:\n {4}JavaClients.*)*/gm) ?? [];
  return [checks.filter((check) => check.startsWith("FAILED")), checks.length];
}

test.skipIf(missing !== undefined)(
  `Kafka's own Java clients do with the bundled broker what they are told${note}`,
  { timeout: timeoutMs },
  async () => {
    await using broker = await startBundledBroker();
    expect(await checksOn(broker.address)).toEqual([[], checkCount]);
  },
);

test.skipIf(missing !== undefined)(
  `the program of checks passes on Apache Kafka${note}`,
  { timeout: timeoutMs },
  async () => {
    await using kafka = await startApacheKafka();
    expect(await checksOn(kafka.address)).toEqual([[], checkCount]);
  },
);
