import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { millrace } from "../../test-support/run-millrace.ts";

let folder: string;
let broker: Broker;
let registry: SchemaRegistryServer;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-in-the-way-"));
  const platform = nodePlatform({ logLevel: "error" });
  broker = await Broker.start(platform, {
    dataDirectory: folder,
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
  });
  address = `127.0.0.1:${broker.address.port}`;
  registry = await SchemaRegistryServer.start({ bootstrapServers: address, port: 0 }, platform);
});
afterAll(async () => {
  await registry.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("what stands in the way of records by schemas", () => {
  beforeAll(async () => {
    const to = ["--partitions", "1", "--bootstrap-server", address];
    expect((await millrace(["topics", "create", "in-the-way", ...to])).err).toBe("");
  });

  test.each([
    ["value", "--schema FILE, or --subject"],
    ["key", "--key-schema FILE, or --key-subject"],
  ])("a %s without a subject is told with the flags that give one", async (part, flags) => {
    const ended = await millrace(
      [
        "produce",
        "in-the-way",
        "--bootstrap-server",
        address,
        "--key-separator",
        ":",
        `--${part}`,
        "avro",
        "--registry",
        registry.url,
      ],
      { lines: ['"a":"b"'] },
    );
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(flags);
  });
});
