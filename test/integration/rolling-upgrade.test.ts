import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, StreamsApp, type KafkaClient } from "millrace";
import { describe, expect, test } from "vitest";

import { RunningInstance } from "../../examples/rolling-upgrade/src/running-instance.ts";
import {
  countries,
  pageCounts,
  popular,
  visits,
} from "../../examples/rolling-upgrade/src/topics.ts";
import version1 from "../../examples/rolling-upgrade/src/v1.ts";
import version3 from "../../examples/rolling-upgrade/src/v3.ts";
import { WatchedVisits } from "../../examples/rolling-upgrade/src/watched-visits.ts";
import { millrace, millraceProcess } from "../../packages/cli/test-support/run-millrace.ts";
import { isVerify } from "../interop/apache-kafka.ts";
import { repository } from "../tidy/source-files.ts";

/*
 * A program goes from version to version, instance by instance, while visits are counted: in the counts none is missing and
 * none is there twice. `npm test` has the same in virtual time (test/examples/rolling-upgrade.test.ts). And a version that
 * cannot use the state of the one before: it is told, and begins anew.
 */

const stepMsMax = 120_000;
const steps = ["v2", "v1", "v2"] as const;
const names = ["a", "b", "c"];
const visitsBetween = 200;
const sources = join(repository, "examples/rolling-upgrade/src");

const scenes: readonly (readonly [string, object])[] = [
  ["each leaves its group", {}],
  ["each remains in its group", { group: "remain" }],
  ["with standbys", { numStandbyReplicas: 1 }],
  ["with warm-ups", { acceptableRecoveryLag: 0, probingRebalanceInterval: "1s" }],
  ["with two loops in each", { threads: 2 }],
  ["in the streams protocol", { groupProtocol: "streams" }],
];

/** A broker, its topics, and the instances that work there. */
class Place implements AsyncDisposable {
  readonly folder: string;
  readonly cluster: EmbeddedCluster;
  readonly client: KafkaClient;
  readonly #running = new Map<string, RunningInstance>();

  private constructor(folder: string, cluster: EmbeddedCluster) {
    this.folder = folder;
    this.cluster = cluster;
    this.client = connect({ bootstrapServers: cluster.bootstrapServers });
  }

  static async make(): Promise<Place> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-upgrade-"));
    const topics = [visits, pageCounts, popular, countries].map(({ name }) => [name, 4]);
    const cluster = await EmbeddedCluster.start({
      data: join(folder, "broker"),
      durability: "memory",
      topics: Object.fromEntries(topics),
    });
    return new Place(folder, cluster);
  }

  stateOf(name: string): string {
    return join(this.folder, name);
  }

  async start(name: string, version: string, options: object): Promise<void> {
    const { bootstrapServers } = this.cluster;
    const place = { bootstrapServers, stateDirectory: this.stateOf(name), options };
    this.#running.set(name, await RunningInstance.start(version, place));
  }

  async stop(name: string): Promise<number | null | undefined> {
    const code = await this.#running.get(name)?.stop();
    this.#running.delete(name);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
    await this.client.close();
    await this.cluster.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe.skipIf(!isVerify)("three instances, each a process, one at a time", () => {
  test.each(scenes)(
    `go to ${steps.join(", ")}, exactly once: %s`,
    { timeout: 600_000 },
    async (title, options) => {
      await using place = await Place.make();
      const watched = new WatchedVisits(place.client);
      const counted = (): Promise<void> =>
        watched.counted(visitsBetween, AbortSignal.timeout(stepMsMax));
      try {
        await Promise.all(names.map((name) => place.start(name, "v1", options)));
        await counted();
        for (const version of steps)
          for (const name of names) {
            expect(await place.stop(name)).toBe(0);
            await counted();
            await place.start(name, version, options);
            await counted();
          }
        await watched.end(AbortSignal.timeout(stepMsMax));
        console.log(`${title}: ${watched.sent} visits, longest pause ${watched.pauseMs} ms`);
        expect(watched.wrong).toEqual([]);
        expect([...watched.byVersion.keys()].toSorted()).toEqual(["v1", "v2"]);
      } finally {
        await watched.close();
      }
    },
  );
});

describe("a version that cannot use the state of the one before", () => {
  test("is refused beside it, told by `streams diff` with code 1, and begins anew after a reset", async () => {
    await using place = await Place.make();
    const { cluster, client } = place;
    const stateDirectory = place.stateOf("a");
    const options = { applicationId: "page-counts", cluster, heartbeatInterval: "50ms" } as const;
    const producer = client.producer(visits);
    for (let index = 0; index < 6; index++) {
      const visit = { page: `/${index % 2}`, country: index < 2 ? "it" : "no" };
      await producer.send({ topic: visits.name, key: visit.page, value: visit });
    }
    const old = await StreamsApp.start(version1(), { ...options, stateDirectory });
    const beside = { ...options, stateDirectory: place.stateOf("b") };
    const refused = await StreamsApp.start(version3(), beside).then(
      (app) => app.closed,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    expect(old.state).toBe("running");
    await old.close();

    const files = ["v1.ts", "v3.ts"].map((name) => join(sources, name));
    const told = await millraceProcess("", "streams", "diff", ...files);
    expect(told.code, told.err).toBe(1);
    expect(told.err).toBe("millrace streams diff: state does not survive: restart 1\n");

    const flags = ["--bootstrap-server", cluster.bootstrapServers, "--state", stateDirectory];
    const reset = await millrace(["streams", "reset", "page-counts", ...flags, "--execute"]);
    expect(reset).toMatchObject({ code: 0, err: "" });
    const now = await StreamsApp.start(version3(), { ...options, stateDirectory });
    const counts = new Map<string | null, number | null>();
    const consumer = client.consumer({
      topics: [countries.name],
      autoOffsetReset: "earliest",
      key: countries.key,
      value: countries.value,
    });
    for await (const { key, value } of consumer) {
      counts.set(key, value);
      if ((counts.get("it") ?? 0) + (counts.get("no") ?? 0) >= 6) break;
    }
    expect(counts).toEqual(
      new Map([
        ["it", 2],
        ["no", 4],
      ]),
    );
    await now.close();
  });
});
