import type { FileSystem, LogFields } from "@millrace/platform";
import { MemoryFileSystem, memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { Broker } from "../src/broker.ts";
import type { BrokerOptions } from "../src/broker-options.ts";
import { gatedFileSystem } from "./gated-file-system.ts";
import { TestClient } from "./test-client.ts";

export interface Told extends LogFields {
  readonly level: string;
  readonly event: string;
}

/** A broker on a disk in memory that a test can shut, fill, break and look into. */
export function brokerWorld(options: Partial<BrokerOptions> = {}) {
  const { fileSystem, gate } = gatedFileSystem(new MemoryFileSystem());
  const told: Told[] = [];
  const logger = {
    isEnabled: () => true,
    log: (level: string, event: string, fields?: LogFields) =>
      void told.push({ ...fields, level, event }),
  };
  const platform = memoryPlatform({ fileSystem, drain: drainTurn, logger });
  const start = async () => {
    const broker = await Broker.start(platform, {
      dataDirectory: "/data",
      port: 9092,
      reserveBytes: 0,
      properties: { "offsets.topic.num.partitions": 2, "transaction.state.log.num.partitions": 2 },
      ...options,
    });
    return { broker, client: await TestClient.connect(platform, broker.address) };
  };
  return { platform, gate, start, told, files: filesOf(fileSystem) };
}

export type BrokerWorld = ReturnType<typeof brokerWorld>;

export async function runWorld(
  options: Partial<BrokerOptions>,
  story: (made: BrokerWorld) => Promise<void>,
): Promise<void> {
  const made = brokerWorld(options);
  await made.platform.until(story(made));
}

function filesOf(fileSystem: FileSystem) {
  const read = (path: string) => {
    const handle = fileSystem.open(path, "read");
    const bytes = new Uint8Array(handle.sizeBytes());
    handle.read(bytes, 0);
    handle.close();
    return bytes;
  };
  const write = (path: string, bytes: Uint8Array) => {
    const handle = fileSystem.open(path, "openOrCreate");
    handle.truncate(0);
    handle.write([bytes], 0);
    handle.close();
  };
  const names = (path: string) => fileSystem.list(path);
  return {
    read,
    write,
    names,
    flip(path: string, position: number, mask = 0x01) {
      const bytes = read(path);
      bytes[position] ^= mask;
      write(path, bytes);
    },
    copyFolder(source: string, target: string) {
      fileSystem.makeDirectory(target);
      for (const name of names(source)) write(`${target}/${name}`, read(`${source}/${name}`));
    },
    removeFolder(path: string) {
      for (const name of names(path)) fileSystem.remove(`${path}/${name}`);
      fileSystem.removeDirectory(path);
    },
    rename: (source: string, target: string) => fileSystem.rename(source, target),
    /** Everything below a folder, as one comparable value. */
    contents: (path: string) =>
      Object.fromEntries(names(path).map((name) => [name, [...read(`${path}/${name}`)].join(" ")])),
  };
}
