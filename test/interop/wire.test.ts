import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { parsePropertiesFile } from "@millrace/broker";
import { describe, expect, test } from "vitest";

import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

const folder = join(apacheKafkaFolder, "wire");
const allowedFile = fileURLToPath(new URL("wire-differences.txt", import.meta.url));
/** Of the secure part: SASL, ACLs, quotas. */
const secureFile = fileURLToPath(new URL("wire-secure-differences.txt", import.meta.url));
const missing = missingFor("go");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
/** Building the program the first time fetches its modules; a run takes half a minute at most. */
const timeoutMs = 240_000;

/** Plain produce and fetch, idempotence, transactions: here every answer is Apache Kafka's. */
const themesWithoutDifferences: readonly string[] = [
  "fetch",
  "fetch-limits",
  "fetch-sessions",
  "fetch-wait",
  "idempotence",
  "init-producer-id",
  "produce",
  "produce-bytes",
  "produce-limits",
  "produce-times",
  "share-fetch",
  "share-groups",
  "share-offsets",
  "transactions",
  "transactions-admin",
];

interface Difference {
  readonly scenario: string;
  readonly theme: string;
  readonly reason: string;
}

function allowedDifferences(file = allowedFile): readonly Difference[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [scenario, reason = ""] = line.split(/ {2,}/);
      return { scenario, reason: reason.trim(), theme: scenario.split("/")[0] };
    });
}

interface Result {
  readonly exitCode: number;
  readonly output: string;
}

/** Not the synchronous kind: the broker runs in this process. */
function wire(parameters: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, timeout: timeoutMs };
    execFile(join(folder, "wire"), parameters, options, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

describe("the list of differences from Apache Kafka", () => {
  test.each([allowedFile, secureFile])(
    "gives a reason for each scenario, and names none twice: %s",
    (file) => {
      const listed = allowedDifferences(file);
      expect(listed.filter(({ reason }) => reason === "")).toEqual([]);
      const names = listed.map(({ scenario }) => scenario);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    },
  );

  test("has nothing of produce and fetch, idempotence, and transactions", () => {
    expect(
      allowedDifferences().filter(({ theme }) => themesWithoutDifferences.includes(theme)),
    ).toEqual([]);
  });

  test.skipIf(missing !== undefined)(
    `names scenarios that there are${note}`,
    { timeout: timeoutMs },
    async () => {
      const { exitCode, output } = await wire(["--list"]);
      expect(exitCode).toBe(0);
      const secure = new Set((await wire(["--secure", "--list"])).output.split("\n"));
      const unknown = allowedDifferences(secureFile).filter(
        ({ scenario }) => !secure.has(scenario),
      );
      expect(unknown).toEqual([]);
      const scenarios = new Set(output.split("\n"));
      expect(allowedDifferences().filter(({ scenario }) => !scenarios.has(scenario))).toEqual([]);
      for (const theme of themesWithoutDifferences) expect(output).toContain(`${theme}/`);
    },
  );
});

test.skipIf(missing !== undefined)(
  `every other answer is Apache Kafka's, and every listed one is not${note}`,
  { timeout: timeoutMs },
  async () => {
    const properties = parsePropertiesFile(readFileSync(join(folder, "broker.properties"), "utf8"));
    await using broker = await startBundledBroker(properties);
    const { exitCode, output } = await wire([
      "--compare",
      join(folder, "golden.txt"),
      "--allow",
      allowedFile,
      broker.address,
    ]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain(" 0 differ,");
  },
);

test.skipIf(missing !== undefined)(
  `a broker that was started with what the recorded one was started with describes its configs as that one does${note}`,
  { timeout: timeoutMs },
  async () => {
    const properties = parsePropertiesFile(readFileSync(join(folder, "broker.properties"), "utf8"));
    // Apache Kafka's starter sets them besides.
    const besides = { "num.partitions": "1", "min.insync.replicas": "1" };
    await using broker = await startBundledBroker({ ...properties, ...besides });
    const golden = join(folder, "golden.txt");
    const { exitCode, output } = await wire([
      "--compare",
      golden,
      "--name",
      "^configs-describe/(some configs of a topic|a broker: some configs)",
      broker.address,
    ]);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/2 of +2 equal, 0 differ/);
  },
);

test.skipIf(missing !== undefined)(
  `so are those of the secure part: SASL, users, ACLs${note}`,
  { timeout: timeoutMs },
  async () => {
    const propertiesOf = (name: string) =>
      parsePropertiesFile(readFileSync(join(folder, name), "utf8"));
    await using broker = await startBundledBroker({
      ...propertiesOf("broker.properties"),
      ...propertiesOf("secure.properties"),
      listeners: "PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0",
    });
    const golden = join(folder, "golden-secure.txt");
    const { exitCode, output } = await wire([
      "--secure",
      "--compare",
      golden,
      "--allow",
      secureFile,
      ...broker.addresses,
    ]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain(" 0 differ,");
  },
);
