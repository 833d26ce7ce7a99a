// Writes what a version leaves behind, for later ones to read; once with each release:
//   node test/integration/written-before/write.ts
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, StreamsApp, string } from "millrace";

import manifest from "../../../packages/millrace/package.json" with { type: "json" };
import { applicationId, atMs, countedWords, written } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-written-"));
const topics = { words: 1, counts: 1 };
const cluster = await EmbeddedCluster.start({ data: join(folder, "broker"), topics });
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const app = await StreamsApp.start(countedWords(), {
  applicationId,
  cluster,
  storeEngine: "sqlite",
  stateDirectory: join(folder, "state"),
  stateFrom: join(folder, "snapshots"),
});
const producer = client.producer({ key: string(), value: string() });
for (const [key, count] of Object.entries(written))
  for (let number = 0; number < count; number++)
    await producer.send({ topic: "words", key, value: "said", timestamp: atMs });
let rows = 0;
while (rows < 4) for (const copied of await app.snapshot()) rows = copied.rows;
await app.close();
await client.close();
await cluster.close();
const archive = join(import.meta.dirname, `${manifest.version}.tar.gz`);
execFileSync("tar", ["-czf", archive, "-C", folder, "."]);
rmSync(folder, { recursive: true });
