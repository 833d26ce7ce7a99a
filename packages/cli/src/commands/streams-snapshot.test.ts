import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { string } from "@millrace/serde";
import {
  directorySnapshotStore,
  fileEngineProvider,
  snapshotIds,
  StateError,
} from "@millrace/state";
import { StreamsApp, StreamsBuilder } from "@millrace/streams";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { millrace, type Ended } from "../../test-support/run-millrace.ts";
import type { Surroundings } from "../terminal/surroundings.ts";

let folder: string;
let state: string;

/** An application that has counted three records, and was closed. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-snapshots-"));
  state = join(folder, "state");
  const platform = nodePlatform({ logLevel: "error" });
  await using broker = await Broker.start(platform, {
    dataDirectory: join(folder, "data"),
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
    codecs: nodeCompression,
  });
  const bootstrapServers = `127.0.0.1:${broker.address.port}`;
  await using cluster = connect(platform, { bootstrapServers, codecs: nodeCompression });
  await cluster.admin.createTopics([{ name: "visits", partitionCount: 1 }]);
  await using producer = cluster.producer();
  for (const key of ["a", "b", "a"]) void producer.send({ topic: "visits", key, value: "v" });
  await producer.flush();
  const builder = new StreamsBuilder();
  builder
    .stream("visits", { key: string(), value: string() })
    .groupByKey()
    .count({ store: "visits-per-user" });
  const app = await StreamsApp.start(
    builder.build(),
    { applicationId: "visit-counts", stateDirectory: state },
    { platform, cluster, engines: fileEngineProvider(platform) },
  );
  const hasCounted = (): Promise<boolean> =>
    cluster.admin.groupOffsets("visit-counts").then(([first]) => first?.offset === 3);
  await vi.waitUntil(hasCounted, { timeout: 10_000 });
  await app.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const surroundings: Surroundings = {
  openEngines: async (platform) => fileEngineProvider(platform),
  openSnapshots: async () => undefined,
};

function run(...words: readonly string[]): Promise<Ended> {
  return millrace(["streams", "snapshot", ...words], { surroundings });
}

test("the state of stopped applications is copied, as often as asked, and so many copies stay", async () => {
  const to = join(folder, "copies");
  const first = await run("--state", state, "--to", to);
  expect(first).toMatchObject({ code: 0, err: "" });
  expect(first.out).toMatch(/visit-counts\s+0_0\s+\d{15}-[0-9a-f]{8}\s+2\s+\d+\n/);
  const second = await run("visit-counts", "--state", state, "--to", to, "--keep", "2", "--json");
  const [copied] = JSON.parse(second.out);
  expect(copied).toMatchObject({ applicationId: "visit-counts", task: "0_0", rows: 2 });
  const store = directorySnapshotStore(nodePlatform().fileSystem, to);
  expect(await snapshotIds(store, { application: "visit-counts", task: "0_0" })).toEqual([
    copied.id,
    expect.any(String),
  ]);
  const third = await run("--state", state, "--to", to, "--keep", "2", "--json");
  expect(await snapshotIds(store, { application: "visit-counts", task: "0_0" })).toEqual([
    JSON.parse(third.out)[0].id,
    copied.id,
  ]);
});

test("an application id that is none is refused, and nothing is written outside of the place", async () => {
  const to = join(folder, "inside", "copies");
  // What lies beside the state directory, as it would look to a path that leads out of it.
  cpSync(join(state, "visit-counts"), join(folder, "beside"), { recursive: true });
  for (const id of ["../beside", "..", "a/b", ""])
    expect(await run(id, "--state", state, "--to", to), id).toMatchObject({
      code: 2,
      err: expect.stringContaining("an application id is"),
    });
  expect(existsSync(join(folder, "inside"))).toBe(false);
});

test("what cannot be copied is told", async () => {
  const to = join(folder, "none");
  expect(await run("--state", state)).toMatchObject({ code: 2 });
  const nothing = await run("another", "--state", state, "--to", to);
  expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining("no state") });
  const place = await run("--state", state, "--to", "gs://bucket");
  expect(place).toMatchObject({ code: 1, err: expect.stringContaining("no place for snapshots") });
  const alone = await millrace(["streams", "snapshot", "--state", state, "--to", to]);
  expect(alone).toMatchObject({ code: 1, err: expect.stringContaining("package millrace") });
});

test("a task that cannot be copied ends nothing for the others, and the command says so in the end", async () => {
  const to = join(folder, "parts");
  const copy = join(folder, "two-tasks");
  cpSync(state, copy, { recursive: true });
  cpSync(join(state, "visit-counts", "0_0"), join(copy, "visit-counts", "0_1"), {
    recursive: true,
  });
  const offsets = join(copy, "visit-counts", "millrace-task-offsets");
  const { checksum: _, ...noted } = JSON.parse(readFileSync(offsets, "utf8"));
  noted.asOfMs["0_1"] = noted.asOfMs["0_0"];
  writeFileSync(offsets, JSON.stringify(noted));
  const failing: Surroundings = {
    ...surroundings,
    openEngines: async (platform) => {
      const engines = fileEngineProvider(platform);
      return {
        ...engines,
        open: async (directory) => {
          if (directory.endsWith("0_0"))
            throw new StateError("STORE_ENGINE_FAILED", "a bad sector");
          return engines.open(directory);
        },
      };
    },
  };
  const words = ["streams", "snapshot", "--state", copy, "--to", to, "--json"];
  const ended = await millrace(words, { surroundings: failing });
  expect(ended).toMatchObject({
    code: 1,
    err: expect.stringContaining("visit-counts 0_0: a bad sector"),
  });
  expect(JSON.parse(ended.out)).toMatchObject([
    { task: "0_1", rows: 2 },
    { task: "0_0", failed: "a bad sector" },
  ]);
});
