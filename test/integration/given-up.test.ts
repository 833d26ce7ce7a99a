import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  connect,
  EmbeddedCluster,
  StreamsApp,
  StreamsBuilder,
  string,
  type KafkaClient,
} from "millrace";
import { nodeCompression } from "@millrace/protocol/compression";
import { nodePlatform } from "@millrace/platform/node";
import { rangeAssignor } from "@millrace/client";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

const bootstrapServers = "127.0.0.1:1"; // nobody is there
const offsets = [{ topic: "t", partition: 0, offset: 1 }];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-given-up-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let client: KafkaClient;
beforeEach(() => {
  client = connect(
    { bootstrapServers, bootstrapTimeout: "2s" },
    nodePlatform({ logLevel: "silent" }),
  );
});
afterEach(() => client.close());

function startApp(signal: AbortSignal): Promise<unknown> {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).to("copies", { value: string() });
  const options = { applicationId: "copy", cluster: bootstrapServers, signal };
  return StreamsApp.start(builder.build(), { ...options, logLevel: "silent" });
}

function startRegistry(signal: AbortSignal): Promise<unknown> {
  const place = { bootstrapServers, port: 0, codecs: nodeCompression };
  return SchemaRegistryServer.start({ ...place, signal }, nodePlatform({ logLevel: "silent" }));
}

const membership = { groupId: "g", assignors: [rangeAssignor], topics: () => ["t"] };
const group = { groupId: "g", memberId: "", generationId: -1, groupInstanceId: null };

const waits: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
  "StreamsApp.start": startApp,
  "SchemaRegistryServer.start": startRegistry,
  "EmbeddedCluster.start": (signal) => EmbeddedCluster.start({ data: join(folder, "own"), signal }),
  "admin.describeCluster": (signal) => client.admin.describeCluster(signal),
  "admin.describeTopics": (signal) => client.admin.describeTopics(["t"], signal),
  "admin.listTopics": (signal) => client.admin.listTopics(signal),
  "admin.createTopics": (signal) =>
    client.admin.createTopics([{ name: "t", partitionCount: 1 }], signal),
  "admin.createPartitions": (signal) =>
    client.admin.createPartitions([{ name: "t", partitionCount: 2 }], signal),
  "admin.deleteTopics": (signal) => client.admin.deleteTopics(["t"], signal),
  "admin.deleteRecords": (signal) => client.admin.deleteRecords(offsets, signal),
  "admin.listOffsets": (signal) =>
    client.admin.listOffsets([{ topic: "t", partition: 0, at: "earliest" }], { signal }),
  "admin.listGroups": (signal) => client.admin.listGroups(signal),
  "admin.describeGroup": (signal) => client.admin.describeGroup("g", signal),
  "admin.deleteGroup": (signal) => client.admin.deleteGroup("g", signal),
  "admin.groupOffsets": (signal) => client.admin.groupOffsets("g", signal),
  "admin.alterGroupOffsets": (signal) => client.admin.alterGroupOffsets("g", offsets, signal),
  "producer.flush": (signal) => {
    const producer = client.producer({ deliveryTimeout: "500ms" });
    producer.send({ topic: "t", value: "v" }).catch(() => {}); // nobody takes it
    return producer.flush(signal);
  },
  "producer.transaction": (signal) =>
    client.producer({ transactionalId: "t" }).transaction(async () => {}, signal),
  "producer.sendOffsets": (signal) => {
    const producer = client.producer({ transactionalId: "t" });
    return producer.transaction(() => producer.sendOffsets(offsets, group, signal), signal);
  },
  "writer.prepare": (signal) => client.openWriter({}).prepare(["t"], signal),
  "membership.join": (signal) => client.openMembership(membership).join(signal),
};

describe.each(Object.entries(waits))("%s", (_, wait) => {
  test.each([0, 50])(
    "is given up at once by its signal, after %i ms, with the reason of that",
    async (afterMs) => {
      const stop = new AbortController();
      const reason = new Error("given up");
      if (afterMs === 0) stop.abort(reason);
      const outcome = wait(stop.signal).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (afterMs > 0) setTimeout(() => stop.abort(reason), afterMs);
      expect(await outcome).toBe(reason);
    },
  );
});
