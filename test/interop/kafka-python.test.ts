import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { freePorts, missingFor } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";

const version = "3.0.12";
const missing = missingFor("python3", { needsApacheKafka: false });
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 600_000;

/** Tests that fail against Apache Kafka 4.3.1 as well, set up in the same way. */
const failOnApacheKafkaToo = ["test_create_describe_delete_acls", "test_kafka_version_infer"];
/** Tests of APIs that the bundled broker does not serve yet. */
const unserved = [
  "test_elect_leaders",
  "test_describe_log_dirs",
  "test_alter_replica_log_dirs",
  "test_describe_metadata_quorum",
  "test_alter_partition_reassignments",
  "test_list_partition_reassignments",
];

test.skipIf(missing !== undefined)(
  `kafka-python's own integration tests pass against the bundled broker${note}`,
  { timeout: timeoutMs },
  async () => {
    const python = await environment();
    const sources = await unpackSources(python);
    try {
      const port = await freePorts(1);
      const properties = {
        "node.id": 0, // the suite's own
        "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
        "num.partitions": 4,
        "group.min.session.timeout.ms": 100,
        "group.initial.rebalance.delay.ms": 0,
      };
      await using broker = await startBundledBroker(properties, port);
      const env = { KAFKA_URI: `kafka://${broker.address}`, KAFKA_VERSION: "4.0.0" };
      const parameters = ["-m", "pytest", "-q", "-rA", "-p", "no:warnings", "--timeout=60"];
      const files = ["admin", "consumer", "producer"].map(
        (name) => `test/integration/test_${name}_integration.py`,
      );
      const { output } = await runSuite(python, [...parameters, ...files], {
        cwd: sources,
        env,
        timeoutMs,
      });
      const failed = [...output.matchAll(/^(?:FAILED|ERROR) \S+::(\w+)/gm)].map(([, name]) => name);
      expect(failed.toSorted(), output.slice(-3000)).toEqual(
        [...failOnApacheKafkaToo, ...unserved].toSorted(),
      );
      expect(output.match(/^PASSED/gm)?.length).toBeGreaterThan(40);
    } finally {
      rmSync(sources, { recursive: true, force: true });
    }
  },
);

/** An interpreter with the client and pytest. */
async function environment(): Promise<string> {
  const folder = join(cacheFolder("kafka-python"), version);
  const python = join(folder, "bin", "python");
  const done = join(folder, "installed");
  if (existsSync(done)) return python;
  await prepare("python3", ["-m", "venv", folder], { timeoutMs });
  const packages = [`kafka-python==${version}`, "pytest==9.2.0", "pytest-timeout==2.4.0"];
  const codecs = ["crc32c", "lz4", "python-snappy", "zstandard"];
  const install = ["-m", "pip", "install", "--quiet", ...packages, ...codecs];
  await prepare(python, install, { timeoutMs });
  writeFileSync(done, "");
  return python;
}

/** The sources as they are published, with the little that their tests miss there. */
async function unpackSources(python: string): Promise<string> {
  const cache = cacheFolder("kafka-python");
  const archive = join(cache, `kafka_python-${version}.tar.gz`);
  if (!existsSync(archive)) {
    const name = `kafka-python==${version}`;
    const download = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", name];
    await prepare(python, [...download, "-d", cache], { timeoutMs });
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-python-"));
  await prepare("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"], { timeoutMs });
  writeFileSync(join(folder, "test", "__init__.py"), "");
  // A broker that runs elsewhere is not started and stopped by the suite.
  writeFileSync(
    join(folder, "test", "service.py"),
    [
      "class ExternalService:",
      "    def __init__(self, host, port):",
      "        self.host, self.port = host, port",
      "    def open(self):",
      "        pass",
      "    def close(self):",
      "        pass",
      "class SpawnedService:",
      "    pass",
      "",
    ].join("\n"),
  );
  mkdirSync(join(folder, "servers", "4.0.0", "kafka-bin"), { recursive: true });
  return folder;
}
