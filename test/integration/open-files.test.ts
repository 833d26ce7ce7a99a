import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { durabilityLevels, type DurabilityLevel } from "@millrace/broker";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { connect, type KafkaClient } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** A broker with fewer descriptors than its partitions have files. */
const openFilesMax = 160;
const partitionCount = process.env["MILLRACE_VERIFY"] === "1" ? 301 : 101;
const command = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

let folder: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-open-files-"));
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface LimitedBroker {
  readonly client: KafkaClient;
  readonly told: () => string;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Resolves once it serves. */
async function startLimited(durability: DurabilityLevel): Promise<LimitedBroker> {
  const flags = `--data "${folder}/data" --port 0 --durability ${durability}`;
  const broker = `exec "${process.execPath}" "${command}" broker ${flags}`;
  const child = spawn("bash", ["-c", `ulimit -n ${openFilesMax} && ${broker}`]);
  running.push(child);
  let told = "";
  const address = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      told += chunk.toString();
      const found = /ready at (\S+:\d+)/.exec(told)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${told}`)));
  });
  return {
    client: connect({ bootstrapServers: address }),
    told: () => told,
    end: (signal) =>
      new Promise((resolve) => {
        child.removeAllListeners("exit").once("exit", resolve);
        child.kill(signal);
      }),
  };
}

/** A record for each partition. */
async function fill({ client, told }: LimitedBroker, offset: number): Promise<void> {
  const writer = client.openWriter({ deliveryTimeoutMs: 30_000 });
  const timestamp = 1000 * offset + 1;
  for (let partition = 0; partition < partitionCount; partition++)
    writer
      .partition("orders", partition)
      .append(timestamp, null, encodeUtf8(`${partition}`), noHeaders);
  const ends = await writer.flush().catch((error: unknown) => {
    throw new Error(told(), { cause: error });
  });
  expect(ends.map(({ endOffset }) => endOffset)).toEqual(
    Array.from({ length: partitionCount }, () => offset + 1),
  );
  await writer.close();
}

describe.runIf(process.platform === "linux")("with fewer descriptors than files", () => {
  test.each(durabilityLevels)(
    "a broker makes, fills, closes and recovers all its partitions: %s",
    async (durability) => {
      const first = await startLimited(durability);
      await first.client.admin.createTopics([
        { name: "orders", partitionCount, configs: { "segment.ms": "1" } },
      ]);
      for (let offset = 0; offset < 3; offset++) await fill(first, offset);
      await first.client.close();
      expect(await first.end("SIGTERM"), first.told()).toBe(0);

      const second = await startLimited(durability);
      await fill(second, 3);
      await second.client.close();
      await second.end("SIGKILL");

      const third = await startLimited(durability);
      await fill(third, 4);
      await third.client.close();
      expect(await third.end("SIGTERM"), third.told()).toBe(0);
      for (const { told } of [first, second, third])
        expect(told()).not.toContain("broker.topic-incomplete");
    },
    120_000,
  );
});
