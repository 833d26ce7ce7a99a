import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { durabilityLevels, type DurabilityLevel } from "@millrace/broker";
import type { BatchWriter } from "@millrace/cluster";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { connect, type KafkaClient } from "millrace";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** A broker with fewer descriptors than its partitions have files. */
const openFilesMax = 160;
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const partitionCount = isVerify ? 301 : 71;
const durabilities: readonly DurabilityLevel[] = isVerify ? durabilityLevels : ["group"];
const command = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

let folder: string;
const running: ChildProcessWithoutNullStreams[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-open-files-"));
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface LimitedBroker {
  readonly client: KafkaClient;
  readonly address: string;
  readonly told: () => string;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Runs the node of this test in a process of its own. */
function spawnLimited(limit: number, args: string): ChildProcessWithoutNullStreams {
  const child = spawn("bash", ["-c", `ulimit -n ${limit} && exec "${process.execPath}" ${args}`]);
  running.push(child);
  return child;
}

const brokerArgs = () => `"${command}" broker --data "${folder}/data" --port 0`;

async function endOf(
  child: ChildProcessWithoutNullStreams,
): Promise<{ readonly code: number | null; readonly told: string }> {
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      told += chunk.toString();
    });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, told };
}

/** Resolves once it serves. */
async function startLimited(durability: DurabilityLevel): Promise<LimitedBroker> {
  const child = spawnLimited(openFilesMax, `${brokerArgs()} --durability ${durability}`);
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
    address,
    told: () => told,
    end: (signal) =>
      new Promise((resolve) => {
        child.removeAllListeners("exit").once("exit", resolve);
        child.kill(signal);
      }),
  };
}

/** A client that says nothing. */
function connectTo(address: string): Socket {
  const [host, port] = address.split(":");
  return createConnection({ host, port: Number(port) }).on("error", () => {});
}

/** A record for each partition. */
async function fill({ client, told }: LimitedBroker, offset: number): Promise<void> {
  const writer = client.openWriter({ deliveryTimeoutMs: 30_000 });
  await fillBy(writer, offset, told);
  await writer.close();
}

async function fillBy(writer: BatchWriter, offset: number, told: () => string): Promise<void> {
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
}

describe.runIf(process.platform === "linux")("with fewer descriptors than files", () => {
  test.each(durabilities)(
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

  test.each(isVerify ? [24, 40, 127] : [24, 127])(
    "a broker that may open no more than %d says what it needs, and how to give it more",
    async (limit) => {
      const { code, told } = await endOf(spawnLimited(limit, brokerArgs()));
      expect(told).toMatch(
        new RegExp(`^millrace broker: .* ${limit} .* at least 128; .*\\(\`ulimit -n 1024\`\\)`),
      );
      expect(code).toBe(1);
    },
  );

  test("so does an embedded cluster, whose broker is a thread of the same process", async () => {
    const program = `${folder}/main.mjs`;
    const millrace = new URL("../../packages/millrace/src/index.ts", import.meta.url).href;
    writeFileSync(
      program,
      `import { EmbeddedCluster } from ${JSON.stringify(millrace)};
       await EmbeddedCluster.start({ data: ${JSON.stringify(`${folder}/data`)} }).catch((error) => {
         console.log(error.code, error.reason, error.message);
       });`,
    );
    const { told } = await endOf(spawnLimited(64, program));
    expect(told).toMatch(/^BROKER_NOT_STARTED TOO_FEW_DESCRIPTORS .* 64 .* at least 128; /);
  });

  test("connections leave the files their descriptors", async () => {
    const broker = await startLimited("group");
    await broker.client.admin.createTopics([{ name: "orders", partitionCount }]);
    const writer = broker.client.openWriter({ deliveryTimeoutMs: 30_000 });
    await fillBy(writer, 0, broker.told);
    const sockets = Array.from({ length: 2 * openFilesMax }, () => connectTo(broker.address));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    await fillBy(writer, 1, broker.told);
    for (const socket of sockets) socket.destroy();
    await writer.close();
    await broker.client.close();
    expect(await broker.end("SIGTERM"), broker.told()).toBe(0);
    expect(broker.told()).toContain("broker.connection-refused");
  }, 120_000);
});
