import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, EmbeddedCluster, type KafkaClient } from "millrace";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** `StreamsApp.run` in a process of its own, and the signals that end it. */
const program = fileURLToPath(new URL("./world/copy-program.ts", import.meta.url));

let folder: string;
let cluster: EmbeddedCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-signals-"));
  cluster = await EmbeddedCluster.start({
    data: join(folder, "broker"),
    durability: "os",
    topics: { lines: 1, copies: 1 },
  });
});

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Resolves once the program has written the word. */
  said(word: string): Promise<void>;
}

function run(bootstrapServers: string, applicationId: string): Run {
  const child = spawn(process.execPath, [program, bootstrapServers, folder, "10m", applicationId], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let heard: () => void = () => {};
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    heard();
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const said = (word: string): Promise<void> =>
    new Promise((resolve) => {
      heard = () => {
        if (text.includes(word)) resolve();
      };
      heard();
    });
  return { child, ended, said };
}

async function produce(client: KafkaClient, ...lines: readonly string[]): Promise<void> {
  const writer = client.openWriter({});
  for (const line of lines)
    writer.partition("lines", 0).append(1, null, encodeUtf8(line), noHeaders);
  await writer.flush();
}

async function readCopies(client: KafkaClient, count: number): Promise<readonly string[]> {
  const reader = client.openReader({ isolation: "read_committed" });
  reader.assign([{ topic: "copies", partition: 0, offset: 0 }]);
  const copies: string[] = [];
  while (copies.length < count) {
    const batches = await reader.poll({ waitMsMax: 2000 });
    expect(batches).not.toEqual([]);
    for (const batch of batches) {
      while (batch.next()) copies.push(decodeUtf8(batch.value ?? new Uint8Array()));
      batch.release();
    }
  }
  return copies;
}

describe("a program", () => {
  test("ends at SIGTERM with code 0, its last commit done", async () => {
    const { child, ended, said } = run(cluster.bootstrapServers, "ends");
    await using client = connect({ bootstrapServers: cluster.bootstrapServers });
    await produce(client, "one", "two", "three");
    await said("three");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await readCopies(client, 3)).toEqual(["one", "two", "three"]);
  });

  test("ends at SIGTERM while it starts, too", async () => {
    const { child, ended, said } = run("127.0.0.1:1", "starts");
    await said("starting");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, signal: null });
  });

  test("ends at once at a second signal", async () => {
    await using hanging = await startBrokerThatHangs(join(folder, "hanging"));
    const client = connect({ bootstrapServers: hanging.address });
    const { child, ended, said } = run(hanging.address, "waits");
    await produce(client, "to be committed");
    await said("to be committed");
    await client.close();
    hanging.hang(); // now the last commit waits for an answer
    child.kill("SIGTERM");
    await said("closing");
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 1, signal: null });
  });
});

/** A broker behind a line that can be made to carry nothing any more. */
async function startBrokerThatHangs(data: string) {
  const sockets: Socket[] = [];
  let target = 0;
  const line = createServer((near) => {
    const far = connectTcp(target, "127.0.0.1");
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => line.once("listening", resolve));
  const address = `127.0.0.1:${(line.address() as AddressInfo).port}`;
  const broker = await EmbeddedCluster.start({
    data,
    durability: "os",
    config: { "advertised.listeners": `PLAINTEXT://${address}` },
  });
  target = Number(broker.bootstrapServers.split(":")[1]);
  await using client = connect({ bootstrapServers: address });
  await client.admin.createTopics(["lines", "copies"].map((name) => ({ name, partitionCount: 1 })));
  return {
    address,
    hang(): void {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy();
      line.close();
      await broker.close();
    },
  };
}
