import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { directorySnapshotStore, memoryEngineProvider, type SnapshotStore } from "@millrace/state";
import { StreamsBuilder, type StreamsOptions, type Topology } from "@millrace/streams";
import { expect } from "vitest";

import type { TestProcess } from "./process.ts";
import { TestWorld } from "./test-world.ts";
import { readCounts } from "./word-count.ts";

/** Most of the time in tests of snapshots is that of waits: they look often, and commits come often. */
export const often = { timeout: 5000, interval: 5 };
const commitInterval = 5;

export const changelog = { topic: "app-counts-changelog", partition: 0 };
/** Whose snapshots these are. */
export const owner = { application: "app", task: "0_0" };

function counted(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("words", { key: string(), value: string() })
    .groupByKey()
    .count({ store: "counts" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

/** An application that counts words, and a place for the snapshots of its state. */
export class SnapshotScene implements AsyncDisposable {
  readonly world: TestWorld;
  /** `/snapshots`, as tests look into it. */
  readonly store: SnapshotStore;

  private constructor(world: TestWorld) {
    this.world = world;
    this.store = directorySnapshotStore(world.shared.fileSystem, "/snapshots");
  }

  /** @param properties of the broker */
  static async open(properties?: Parameters<typeof TestWorld.start>[2]): Promise<SnapshotScene> {
    return new SnapshotScene(await TestWorld.start({ words: 1, counts: 1 }, undefined, properties));
  }

  async write(...words: readonly string[]): Promise<void> {
    const writer = this.world.client.openWriter({});
    await writer.prepare(["words"]);
    for (const word of words)
      writer.partition("words", 0).append(1, encodeUtf8(word), encodeUtf8(word), noHeaders);
    await writer.flush();
    await writer.close();
  }

  async expectCounts(counts: Readonly<Record<string, number>>): Promise<void> {
    await expect
      .poll(async () => Object.fromEntries(await readCounts(this.world)), often)
      .toEqual(counts);
  }

  /** An instance that keeps nothing on disk, but for what the options say. */
  async start(
    options: Partial<StreamsOptions> = {},
    process: TestProcess = this.world.process(),
    topology = counted(),
  ) {
    const engines = options.stateDirectory === undefined ? { engines: memoryEngineProvider() } : {};
    const app = await this.world.app(topology, { commitInterval, ...options }, process, engines);
    const metric = (name: string): number =>
      app
        .metrics()
        .filter((one) => one.name === name)
        .reduce((sum, { value }) => sum + value, 0);
    const refusal = process.events.find(({ name }) => name === "streams.snapshot-refused");
    return {
      app,
      restored: metric("restore-records-total"),
      loads: metric("snapshot-loads-total"),
      refusals: metric("snapshot-refusals-total"),
      refusal: refusal?.fields["reason"],
    };
  }

  /** Ten words, in a snapshot; then two more, which are in the changelog alone. */
  async countAndSnapshot(options: Partial<StreamsOptions> = {}): Promise<void> {
    await this.write("a", "b", "a", "c", "a", "b", "a", "d", "e", "f");
    const { app } = await this.start(options);
    await this.expectCounts({ a: 4, b: 2, c: 1, d: 1, e: 1, f: 1 });
    await expect.poll(() => app.snapshot({ to: "/snapshots" }), often).toHaveLength(1);
    await this.write("a");
    await this.expectCounts({ a: 5, b: 2, c: 1, d: 1, e: 1, f: 1 });
    await this.write("b");
    await this.expectCounts({ a: 5, b: 3, c: 1, d: 1, e: 1, f: 1 });
    await app.close();
  }

  async expectAllCounted(): Promise<void> {
    await this.write("a", "f");
    await this.expectCounts({ a: 6, b: 3, c: 1, d: 1, e: 1, f: 2 });
  }

  /** Records of the changelog: each count was logged once, or fewer times where a commit took several. */
  async changelogLength(): Promise<number> {
    return (await this.world.read(changelog.topic)).length;
  }

  /** As retention does to changelogs of windows. */
  async cutOff(offset: number): Promise<void> {
    const { admin } = this.world.client;
    await admin.alterConfigs([
      { kind: "topic", name: changelog.topic, set: { "cleanup.policy": "delete" } },
    ]);
    await admin.deleteRecords([{ ...changelog, offset }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}
