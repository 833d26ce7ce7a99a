import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { EmbeddedCluster, connect } from "millrace";
import { expect, test } from "vitest";

import { millrace } from "../../packages/cli/test-support/run-millrace.ts";
import { apacheKafkaFolder, missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const segment = "00000000000000000000.log";

/** A committed and an aborted transaction, and what a group has committed. */
async function write(bootstrapServers: string): Promise<void> {
  await using client = connect({ bootstrapServers });
  const configs = { "index.interval.bytes": "1" };
  await client.admin.createTopics([{ name: "orders", partitionCount: 1, configs }]);
  const producer = client.producer({ transactionalId: "billing", compression: "gzip" });
  await producer.transaction(async () => {
    await producer.send({ topic: "orders", key: "ada", value: "3 books" });
  });
  const failed = producer.transaction(async () => {
    await producer.send({ topic: "orders", key: "bob", value: "none" });
    throw new Error("changed his mind");
  });
  await expect(failed).rejects.toThrow("changed his mind");
  await producer.close();
  await client.admin.alterGroupOffsets("readers", [{ topic: "orders", partition: 0, offset: 2 }]);
}

async function kafkaDump(
  how: "--print-data-log" | "--cluster-metadata-decoder",
  ...files: readonly string[]
): Promise<string> {
  const jars = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
  const main = ["-cp", `${jars}/*`, "org.apache.kafka.tools.DumpLogSegments"];
  const more = [how, "--files", files.join(",")];
  return (await promisify(execFile)("java", [...main, ...more])).stdout;
}

test.skipIf(missing !== undefined)(
  `Kafka's own dump reads our segments, indexes and snapshots${note}`,
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-dump-"));
    const cluster = await EmbeddedCluster.start({ data: folder });
    await write(cluster.bootstrapServers);
    await cluster.close();
    const file = (name: string): string => join(folder, "orders-0", name);
    const dumped = await kafkaDump(
      "--print-data-log",
      file(segment),
      ...["index", "timeindex", "txnindex"].map((end) => file(segment.replace("log", end))),
    );
    expect(dumped).toMatch(/baseOffset: 0 lastOffset: 0 .*compresscodec: gzip.*isvalid: true/);
    expect(dumped).toMatch(/offset: 0 .*key: ada payload: 3 books/);
    expect(dumped).toMatch(/endTxnMarker: COMMIT/);
    expect(dumped).toMatch(/endTxnMarker: ABORT/);
    expect(dumped).toMatch(/version: 0 producerId: \d+ firstOffset: 2 lastOffset: 3/);
    expect(dumped).not.toMatch(/isvalid: false|mismatch|Could not|not found/i);
    rmSync(folder, { recursive: true, force: true });
  },
);

test.skipIf(missing !== undefined)(
  `the commands look at Apache Kafka and change it, and dump-log reads its files${note}`,
  { timeout: 240_000 },
  async () => {
    await using kafka = await startApacheKafka({
      properties: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "log.index.interval.bytes": 1,
      },
    });
    const done = async (words: string, lines: readonly string[] = []): Promise<string> => {
      const onKafka = [...words.split(" "), "--bootstrap-server", kafka.address];
      const { code, out, err } = await millrace(onKafka, { lines });
      expect({ code, err }, words).toEqual({ code: 0, err: "" });
      return out;
    };
    await write(kafka.address);
    await done("configs alter --topic orders --add-config retention.ms=86400000");
    expect(await done("configs describe --topic orders")).toMatch(/retention.ms +86400000 +topic/);
    expect(await done("configs describe --broker 0 --all")).toMatch(/ num.partitions +1 /);
    await done("topics create grows --partitions 1");
    expect(await done("topics alter grows --partitions 2")).toContain("has 2 partitions");
    await done("acls add --allow-principal User:ann --consumer --topic orders --group g");
    expect(await done("acls list --principal User:ann")).toMatch(/group +g .* read/);
    expect(await done("acls remove --principal User:ann")).toMatch(/topic +orders .* describe/);
    await done("users add ann", ["her secret"]);
    expect(await done("users list")).toMatch(/ann +SCRAM-SHA-512 +8192/);
    await done("users delete ann");
    await done("quotas alter --user ann --add-config producer_byte_rate=1024");
    expect(await done("quotas list --user ann")).toMatch(/user ann +producer_byte_rate +1024/);
    expect(await done("transactions list")).toContain("billing");
    expect(await done("transactions describe billing")).toMatch(/^billing {2}Complete/);
    await done("transactions find-hanging");
    expect(await done("log-dirs describe --topic orders")).toMatch(/orders +0 +\d+/);
    expect(await done("perf produce grows --num-records 1000")).toContain("1000 records in");
    expect(await done("perf consume grows")).toContain("1000 records in");
    const dump = async (...paths: readonly string[]): Promise<string> => {
      const files = paths.map((path) => join(kafka.dataOf(0), path));
      const { code, out, err } = await millrace(["dump-log", "--records", ...files]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return out;
    };
    expect(await dump("orders-0")).toMatch(/compression gzip[^]*key "ada" {2}value "3 books"/);
    const topics = ["__consumer_offsets", "__transaction_state"].flatMap((topic) =>
      [0, 1, 2, 3].map((partition) => `${topic}-${partition}/${segment}`),
    );
    const internal = await dump(...topics);
    expect(internal).toContain('"type":"OffsetCommit","group":"readers"');
    expect(internal).toContain('"type":"TransactionLog","transactionalId":"billing"');
    const metadata = await dump(`__cluster_metadata-0/${segment}`);
    expect(metadata).toMatch(/"type":"TopicRecord",[^\n]*"name":"orders"/);
  },
);

test.skipIf(missing !== undefined)(
  `kafka-dump-log reads the snapshots of the bundled broker's metadata, and dump-log the same${note}`,
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-snapshots-"));
    const data = join(folder, "__cluster_metadata-0");
    try {
      const broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
        dataDirectory: folder,
        port: 0,
        properties: { "metadata.log.max.record.bytes.between.snapshots": 1 },
      });
      const snapshot = () =>
        readdirSync(data).findLast((name) => /-\d{10}\.checkpoint$/.test(name));
      await using client = connect({ bootstrapServers: `127.0.0.1:${broker.address.port}` });
      await client.admin.createTopics([{ name: "orders", partitionCount: 3 }]);
      await expect.poll(snapshot, { timeout: 20_000 }).toBeDefined();
      await broker.close();
      const path = join(data, snapshot() ?? "");
      const theirs = await kafkaDump("--cluster-metadata-decoder", path);
      const ours = await millrace(["dump-log", "--records", path]);
      expect(theirs).not.toMatch(/could not|exception|error/i);
      expect(theirs).toMatch(/SnapshotHeader \{"version":0,"lastContainedLogTimestamp":\d+\}/);
      expect(theirs).toContain('"name":"orders"');
      expect(theirs.trimEnd().endsWith('SnapshotFooter {"version":0}')).toBe(true);
      const records = /"type":"[A-Z_]+_RECORD"/g;
      expect(theirs.match(records)?.length).toBe(ours.out.match(/"type":"\w+Record"/g)?.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
