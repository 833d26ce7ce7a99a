import type { GroupMembership, GroupMembershipOptions } from "@millrace/cluster";
import type { Connection, Listener } from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  expectUncommitted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

/** Brokers that are not there, go away, come back, or say nothing; and that every close ends. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start(wordTopics, new MemoryFileSystem());
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const guarantees = ["exactly_once", "at_least_once"] as const;

/** Takes connections and never answers; says how many it has been asked on. */
async function listenSilently(): Promise<{ readonly listener: Listener; asked(): number }> {
  const asked = new Set<Connection>();
  const ignore = (connection: Connection): void => {
    const data = (): void => void asked.add(connection);
    connection.handler = { data, drained: () => {}, closed: () => {} };
  };
  const listener = await world.shared.network.listen(world.broker.address, ignore);
  return { listener, asked: () => asked.size };
}

async function millisecondsOf(work: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work;
  return performance.now() - startMs;
}

describe("a broker that is not there", () => {
  test.each(guarantees)("is named within the bootstrap timeout, %s", async (guarantee) => {
    await world.stopBroker();
    const startMs = performance.now();
    await expect(
      world.app(wordCount(), { stateDirectory: "/s", processingGuarantee: guarantee }),
    ).rejects.toMatchObject({
      code: "BROKER_UNREACHABLE",
      message: expect.stringContaining("127.0.0.1:9092"),
    });
    expect(performance.now() - startMs).toBeLessThan(3000); // bootstrapTimeout: 500
    await world.restartBroker();
    await world.produce("lines", linesOf(20));
    await world.app(wordCount(), { stateDirectory: "/s", processingGuarantee: guarantee });
    await expectCounted(world, linesOf(20));
  });

  test("one that takes connections and says nothing is named, too", async () => {
    await world.stopBroker();
    const silent = await listenSilently();
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: expect.stringMatching(/BROKER_UNREACHABLE|REQUEST_TIMED_OUT/),
      message: expect.stringContaining("127.0.0.1:9092"),
    });
    await silent.listener.close();
    await world.restartBroker();
  });
});

describe("a broker that goes away and comes back on its port", () => {
  test.each(guarantees)("finds the application go on by itself, %s", async (guarantee) => {
    const lines = linesOf(600);
    let membership: GroupMembership | undefined;
    const app = await world.app(
      wordCount(),
      { stateDirectory: "/s", processingGuarantee: guarantee, sessionTimeout: 300 },
      undefined,
      {
        clusterOf: (client) => {
          const open = client.openMembership.bind(client);
          return Object.assign(client, {
            openMembership: (options: GroupMembershipOptions) => (membership = open(options)),
          });
        },
      },
    );
    await world.produce("lines", lines.slice(0, 300));
    await expectCounted(world, lines.slice(0, 300));
    await world.produce("lines", lines.slice(300));
    await world.stopBroker();
    await expect.poll(() => membership?.isMember, { timeout: 10_000 }).toBe(false); // the session is over
    expect(app.state).not.toBe("failed");
    await world.restartBroker();
    if (guarantee === "exactly_once") {
      await expectCounted(world, lines);
      await expectCopiedOnce(world, lines);
    } else {
      const copied = async () => new Set(await world.readTexts("copies")).size;
      await expect.poll(copied, { timeout: 10_000 }).toBe(lines.length);
    }
    await expect.poll(() => app.state, { timeout: 10_000 }).toBe("running");
  });

  test("that stays away while something is to be committed ends it after taskTimeout, by name", async () => {
    const app = await world.app(
      wordCount(),
      { stateDirectory: "/s", taskTimeout: 300, commitInterval: 500, closeTimeout: 400 },
      undefined,
      { client: { apiTimeout: 300 } },
    );
    await world.produce("lines", linesOf(50));
    await expectCounted(world, linesOf(50));
    await world.produce("lines", linesOf(50, 50));
    await expectUncommitted(world, "copies", 100);
    await world.stopBroker();
    await expect(app.closed).rejects.toMatchObject({
      code: expect.stringMatching(/BROKER_UNREACHABLE|REQUEST_TIMED_OUT/),
    });
    await world.restartBroker();
    await world.app(wordCount(), { stateDirectory: "/s" });
    await expectCounted(world, linesOf(100));
    await expectCopiedOnce(world, linesOf(100));
  });
});

describe("close ends within its timeout", () => {
  const options = { stateDirectory: "/s", closeTimeout: 500 } as const;
  /** The timeout, and what a busy machine adds to it. */
  const closedMsMax = 1500;

  test("when the broker is dead, and twice", async () => {
    const app = await world.app(wordCount(), options);
    await world.produce("lines", linesOf(100));
    await world.stopBroker();
    expect(await millisecondsOf(Promise.all([app.close(), app.close()]))).toBeLessThan(closedMsMax);
    await app.close();
    await world.restartBroker();
    await world.app(wordCount(), options);
    await expectCounted(world, linesOf(100));
  });

  test.each(guarantees)("when the broker has stopped to answer, %s", async (guarantee) => {
    const app = await world.app(wordCount(), { ...options, processingGuarantee: guarantee });
    await world.produce("lines", linesOf(100));
    await world.stopBroker();
    const silent = await listenSilently();
    await expect.poll(silent.asked).toBeGreaterThan(0);
    expect(await millisecondsOf(app.close())).toBeLessThan(closedMsMax);
    await silent.listener.close();
    await world.restartBroker();
  });

  test("in the middle of a rebalance that waits for a member", async () => {
    const mute = world.process();
    const others = { stateDirectory: "/mute", sessionTimeout: 20_000, closeTimeout: 100 };
    await world.app(wordCount(), others, mute);
    mute.die(); // its seat stays: whoever joins waits for it
    const stop = new AbortController();
    const starting = world.app(wordCount(), { ...options, signal: stop.signal });
    const reason = new Error("given up");
    const refused = expect(starting).rejects.toBe(reason);
    const stateOfGroup = async () => (await world.client.admin.describeGroup("app")).state;
    await expect.poll(stateOfGroup, { timeout: 10_000 }).toBe("PreparingRebalance");
    stop.abort(reason);
    expect(await millisecondsOf(refused)).toBeLessThan(closedMsMax);
  });

  test("in the middle of a restore, which goes on with the next start", async () => {
    await world.produce("lines", linesOf(3000));
    const first = await world.app(wordCount(), { stateDirectory: "/first" });
    await expectCounted(world, linesOf(3000));
    await first.close();
    const process = world.process();
    const stop = new AbortController();
    const restoring = process.platform.metrics.counter("restore-records-total", {
      application: "app",
    });
    const starting = world.app(wordCount(), { ...options, signal: stop.signal }, process);
    starting.catch(() => {});
    await expect.poll(() => restoring.value, { interval: 1 }).toBeGreaterThan(0);
    stop.abort();
    const settled = starting.then((app) => app.close()).catch(() => {});
    expect(await millisecondsOf(settled)).toBeLessThan(closedMsMax);
    expect(process.events.map(({ name }) => name)).not.toContain("streams.last-commit-failed");
    await world.app(wordCount(), options);
    await world.produce("lines", linesOf(10, 3000));
    await expectCounted(world, linesOf(3010));
  });

  test("before it runs", async () => {
    await world.stopBroker();
    const stop = new AbortController();
    const starting = world.app(wordCount(), { ...options, signal: stop.signal });
    const reason = new Error("given up");
    const refused = expect(starting).rejects.toBe(reason);
    stop.abort(reason);
    expect(await millisecondsOf(refused)).toBeLessThan(closedMsMax);
    const again = world.app(wordCount(), { ...options, signal: stop.signal });
    await expect(again).rejects.toBe(reason);
    await world.restartBroker();
    await world.app(wordCount(), options);
  });
});
