import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import {
  connect,
  int64AsNumber,
  StreamsApp,
  string,
  type StreamsOptions,
  type WindowQueries,
} from "millrace";
import { expect, test, vi } from "vitest";

import { applicationId, atMs, countedWords, written } from "./written-before/program.ts";

const folder = join(import.meta.dirname, "written-before");
const archives = globSync("*.tar.gz", { cwd: folder });

/** Where the state comes from, and which metrics show it. */
const ways: readonly {
  readonly way: string;
  readonly options: (place: string) => Partial<StreamsOptions>;
  readonly told: Readonly<Record<string, number>>;
}[] = [
  {
    way: "its own state",
    options: (place) => ({ storeEngine: "sqlite", stateDirectory: join(place, "state") }),
    told: { "restore-records-total": 0 },
  },
  {
    way: "its snapshot",
    options: (place) => ({
      stateDirectory: join(place, "state-of-another"),
      stateFrom: join(place, "snapshots"),
    }),
    told: { "snapshot-loads-total": 2, "snapshot-refusals-total": 0 },
  },
  { way: "its changelogs", options: () => ({}), told: {} },
];

test.each(archives)("what %s has written goes on", { timeout: 60_000 }, async (archive) => {
  const place = mkdtempSync(join(tmpdir(), "millrace-written-before-"));
  execFileSync("tar", ["-xzf", join(folder, archive), "-C", place]);
  // The clock shows the time of the archive: what is kept there is kept for days, not for ever.
  vi.useFakeTimers({ toFake: ["Date"], now: statSync(join(place, "state")).mtimeMs + 10_000 });
  const broker = await Broker.start(nodePlatform({ logLevel: "warn" }), {
    dataDirectory: join(place, "broker"),
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": 0 },
    codecs: nodeCompression,
  });
  const cluster = `127.0.0.1:${broker.address.port}`;
  const client = connect({ bootstrapServers: cluster });
  const producer = client.producer({ key: string(), value: string() });
  const consumer = client.consumer({
    topics: ["counts"],
    autoOffsetReset: "earliest",
    key: string(),
    value: int64AsNumber(),
  });
  const counts = consumer[Symbol.asyncIterator]();
  let wanted = written["ada"];
  const untilCounted = async (): Promise<void> => {
    for (;;) {
      const { key, value } = (await counts.next()).value ?? {};
      if (key !== "ada") continue;
      expect(value).toBeLessThanOrEqual(wanted);
      if (value === wanted) return;
    }
  };
  try {
    await untilCounted();
    for (const { way, options, told } of ways) {
      const app = await StreamsApp.start(countedWords(), {
        applicationId,
        cluster,
        ...options(place),
      });
      wanted += 1;
      await producer.send({ topic: "words", key: "ada", value: "said", timestamp: atMs });
      await untilCounted();
      const inWindow = await app
        .store<WindowQueries<string, number>>("words-per-minute", { isLocal: true })
        .fetch("ada", atMs);
      expect(inWindow, way).toBe(wanted);
      const metrics = Object.fromEntries(app.metrics().map(({ name, value }) => [name, value]));
      expect(metrics, way).toMatchObject(told);
      await app.close();
    }
  } finally {
    await client.close();
    await broker.close();
    vi.useRealTimers();
    rmSync(place, { recursive: true, force: true });
  }
});
