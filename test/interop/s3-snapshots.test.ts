import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  connect,
  int64AsNumber,
  SnapshotError,
  StreamsApp,
  StreamsBuilder,
  string,
} from "millrace";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { isVerify } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";

/** Snapshots in a server of S3's protocol that is not ours: s3rver, from npm. It knows keys, and does not check signatures: the test of the store does. */
const note = isVerify ? "" : " (skipped: runs under `npm run verify`)";
const main = fileURLToPath(new URL("../../packages/millrace/src/main.ts", import.meta.url));
const timeoutMs = 300_000;

let folder: string;
let server: ChildProcess | undefined;
const environment: Record<string, string> = {
  AWS_ACCESS_KEY_ID: "S3RVER",
  AWS_SECRET_ACCESS_KEY: "S3RVER",
  AWS_REGION: "us-east-1",
};

beforeAll(async () => {
  if (!isVerify) return;
  const installed = cacheFolder("s3rver-3.7.1");
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "s3rver@3.7.1"];
  await prepare("npm", install, { cwd: installed, timeoutMs });
  folder = mkdtempSync(join(tmpdir(), "millrace-s3-"));
  const command = join(installed, "node_modules/.bin/s3rver");
  const words = ["-d", join(folder, "s3"), "-p", "0", "--configure-bucket", "state"];
  server = spawn(process.execPath, [command, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise<string>((resolve, reject) => {
    let said = "";
    server?.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /listening on (\S+)/.exec(said);
      if (found !== null) resolve(found[1]);
    });
    server?.once("exit", () => reject(new Error(`s3rver has ended: ${said}`)));
  });
  environment["AWS_ENDPOINT_URL"] = `http://${address}`;
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
}, timeoutMs);

afterAll(() => {
  vi.unstubAllEnvs();
  server?.kill();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function counted() {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("word-counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

describe.skipIf(!isVerify)(`snapshots in S3${note}`, () => {
  test(
    "an application copies its state there, another instance starts from it, and so does one from a copy by the command",
    { timeout: timeoutMs },
    async () => {
      await using broker = await startBundledBroker();
      await using client = connect({ bootstrapServers: broker.address });
      await client.admin.createTopics(
        ["words", "word-counts"].map((name) => ({ name, partitionCount: 2 })),
      );
      await using producer = client.producer();
      const send = async (count: number): Promise<void> => {
        for (let word = 0; word < count; word++)
          void producer.send({ topic: "words", key: `word ${word}`, value: "x".repeat(100) });
        await producer.flush();
      };
      const options = { applicationId: "words", cluster: broker.address };
      const start = (given: { stateDirectory?: string; stateFrom?: string }) =>
        StreamsApp.start(counted(), { ...options, ...given });
      const sumOf = (app: StreamsApp, name: string): number =>
        app
          .metrics()
          .filter((one) => one.name === name)
          .reduce((sum, { value }) => sum + value, 0);
      const processed = (records: number) =>
        vi.waitUntil(
          async () => {
            const offsets = await client.admin.groupOffsets("words");
            return offsets.reduce((sum, { offset }) => sum + offset, 0) >= records;
          },
          { timeout: 30_000 },
        );

      const place = "s3://state/production/counts";
      const stateDirectory = join(folder, "state");
      const first = await start({ stateDirectory });
      await send(30_000);
      await processed(30_000);
      const written = await first.snapshot({ to: place, keep: 2 });
      expect(written.map(({ rows }) => rows).reduce((sum, rows) => sum + rows, 0)).toBe(30_000);
      await send(10);
      await processed(30_010);
      await first.close();

      const second = await start({ stateFrom: place });
      expect(sumOf(second, "snapshot-loads-total")).toBe(2);
      expect(sumOf(second, "restore-records-total")).toBe(10);
      await second.close();

      const copy = ["streams", "snapshot", "--state", stateDirectory, "--to", place, "--keep", "1"];
      const { exitCode, output } = await runSuite(process.execPath, [main, ...copy], {
        env: environment,
        timeoutMs: 60_000,
      });
      expect(exitCode, output).toBe(0);
      const third = await start({ stateFrom: place });
      expect(sumOf(third, "snapshot-loads-total")).toBe(2);
      expect(sumOf(third, "restore-records-total")).toBe(0);
      await third.close();
    },
  );

  test("wrong credentials are told, and no bucket", { timeout: timeoutMs }, async () => {
    await using broker = await startBundledBroker();
    await using client = connect({ bootstrapServers: broker.address });
    await client.admin.createTopics([{ name: "words", partitionCount: 1 }]);
    await client.admin.createTopics([{ name: "word-counts", partitionCount: 1 }]);
    await using app = await StreamsApp.start(counted(), {
      applicationId: "words",
      cluster: broker.address,
    });
    await using producer = client.producer();
    await producer.send({ topic: "words", key: "a", value: "b" });
    await vi.waitUntil(async () => (await client.admin.groupOffsets("words"))[0]?.offset === 1);
    await expect(app.snapshot({ to: "s3://no-such-bucket" })).rejects.toThrow(SnapshotError);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "nobody");
    const refused = expect(app.snapshot({ to: "s3://state" })).rejects;
    await refused.toThrow(/InvalidAccessKeyId.*credentials/s);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "S3RVER");
  });
});
