import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { missingFor } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";

const version = "v1.22.3";
const missing = missingFor("go", { needsApacheKafka: false });
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 600_000;

test.skipIf(missing !== undefined)(
  `franz-go's own tests of its client pass against the bundled broker${note}`,
  { timeout: timeoutMs },
  async () => {
    const sources = await copyOfModule();
    try {
      await using broker = await startBundledBroker();
      const env = {
        KGO_SEEDS: broker.address,
        KGO_TEST_RF: "1",
        KGO_TEST_RECORDS: "20000",
        KGO_LOG_LEVEL: "none",
      };
      const suite = ["test", "./pkg/kgo", "-count=1", "-timeout=9m", "-v"];
      const { output } = await runSuite("go", suite, { cwd: sources, env, timeoutMs });
      expect(output.match(/^ *--- FAIL.*$/gm) ?? []).toEqual([]);
      expect(output.match(/^--- PASS/gm)?.length, output.slice(-3000)).toBeGreaterThan(100);
      // What the broker does not serve the suite finds out by itself, and leaves out.
      const skipped = (output.match(/^--- SKIP: \w+/gm) ?? []).map((line) => line.slice(10));
      expect(skipped.filter((name) => !/Share|SCRAM|OAuth|848|TooOld/.test(name))).toEqual([]);
    } finally {
      rmSync(sources, { recursive: true, force: true });
    }
  },
);

/** The module with its tests, as the module proxy has it, where it can be built. */
async function copyOfModule(): Promise<string> {
  const name = `github.com/twmb/franz-go@${version}`;
  const downloaded = await prepare("go", ["mod", "download", "-json", name], {
    cwd: cacheFolder("franz-go"),
    timeoutMs,
  });
  // Written by the go command.
  const { Dir } = JSON.parse(downloaded) as { readonly Dir: string };
  const folder = mkdtempSync(join(tmpdir(), "millrace-franz-go-"));
  cpSync(Dir, folder, { recursive: true });
  makeWritable(folder);
  return folder;
}

/** The proxy's files are read-only, folders too. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}
