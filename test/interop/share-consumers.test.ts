import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";

/*
 * Kafka's share consumers on the bundled broker, which is killed again and again: every record is delivered, and none
 * once more after its acceptance was told.
 */

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 300_000;
const program = fileURLToPath(new URL("java/ShareConsumers.java", import.meta.url));
const command = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const recordCount = 4000;
const kills = 6;

const properties = `group.share.min.record.lock.duration.ms=1000
group.share.assignment.interval.ms=0
group.share.heartbeat.interval.ms=500
group.share.min.heartbeat.interval.ms=500
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts it, and gives what kills it. */
async function startBroker(folder: string, port: number): Promise<() => Promise<void>> {
  const parameters = ["--data", join(folder, "data"), "--port", String(port)];
  const config = ["--config", join(folder, "broker.properties")];
  const child = spawn(process.execPath, [command, "broker", ...parameters, ...config], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  let said = "";
  for await (const chunk of child.stdout) if ((said += String(chunk)).includes("ready")) break;
  return async () => {
    child.kill("SIGKILL");
    await exited;
  };
}

/** Places that were delivered after the broker had told that they are done with. */
function deliveredAgain(lines: readonly string[]): readonly string[] {
  const kept = new Set<string>();
  const again: string[] = [];
  for (const line of lines) {
    const [kind, place] = line.split(" ");
    if (kind === "kept") kept.add(place);
    if (kind === "got" && kept.has(place)) again.push(place);
  }
  return again;
}

test.skipIf(missing !== undefined)(
  `Kafka's share consumers get every record, and none that is accepted again, while the broker is killed${note}`,
  { timeout: timeoutMs },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-share-"));
    writeFileSync(join(folder, "broker.properties"), properties);
    const port = await freePort();
    let kill = await startBroker(folder, port);
    try {
      const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
      const parameters = ["-cp", `${library}/*`, program, `127.0.0.1:${port}`];
      const java = spawn("java", [...parameters, String(recordCount), "200"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(java, "exit");
      const lines: string[] = [];
      let killCount = 0;
      let keptCount = 0;
      for await (const line of createInterface({ input: java.stdout })) {
        lines.push(line);
        if (!line.startsWith("kept ")) continue;
        // In the midst of the work, however fast that goes.
        if (++keptCount % Math.floor(recordCount / (kills + 1)) !== 0 || killCount === kills)
          continue;
        killCount++;
        await sleep(Math.random() * 100);
        await kill();
        kill = await startBroker(folder, port);
      }
      const [exitCode] = await exited;
      expect(killCount).toBe(kills);
      expect(deliveredAgain(lines)).toEqual([]);
      expect([lines.filter((line) => line.startsWith("missing")), exitCode]).toEqual([[], 0]);
      const count = (kind: string) =>
        new Set(lines.filter((line) => line.startsWith(kind)).map((line) => line.split(" ")[1]))
          .size;
      expect(count("sent ")).toBeGreaterThanOrEqual(recordCount);
      expect(count("got ")).toBeGreaterThanOrEqual(recordCount);
    } finally {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
