import { MemoryFileSystem } from "@millrace/platform/memory";
import { string } from "@millrace/serde";
import { fileEngineProvider } from "@millrace/state";
import {
  StreamsBuilder,
  type StreamsApp,
  type StreamsState,
  type Topology,
  type UncaughtErrorPolicy,
} from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { failureOf } from "./world/failure-of.ts";
import { allTasks } from "./world/shared-tasks.ts";
import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

/** Several stream loops in one process, on its own thread. */
let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

/** Waits until so many threads have all tasks, each as many as the others. */
async function expectThreads(app: StreamsApp, count: number): Promise<void> {
  const shares = () => ({
    tasks: app.tasks.toSorted(),
    counts: app.threads.map(({ tasks }) => tasks.length),
  });
  const counts = Array.from({ length: count }, () => allTasks.length / count);
  await eventually(shares).toEqual({ tasks: allTasks, counts });
}

function copy(check: (line: string) => void): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .peek((line) => check(line))
    .to("copies");
  return builder.build();
}

describe.each(["classic", "streams"] as const)("threads, in a group %s", (groupProtocol) => {
  test("hear from each other what the group would tell them at their next heartbeats", async () => {
    await using rare = await TestWorld.start(wordTopics, new MemoryFileSystem(), {
      "group.streams.heartbeat.interval.ms": 15_000,
      "group.streams.session.timeout.ms": 60_000,
    });
    const options = { heartbeatInterval: "1m", sessionTimeout: "3m" } as const;
    const app = await rare.app(wordCount(), { groupProtocol, threads: 4, ...options });
    await expectThreads(app, 4);
    await app.removeThread();
    await app.removeThread();
    await expectThreads(app, 2);
    app.addThread();
    app.addThread();
    await expectThreads(app, 4);
  });

  test("share the tasks; they are added and removed while records flow", async () => {
    const lines = linesOf(1200);
    const options = { groupProtocol, threads: 2, stateDirectory: "/state" };
    const app = await world.app(wordCount(), options);
    await expectThreads(app, 2);
    const [first, second] = app.threads;
    expect(first.name).toMatch(/^app-.*-StreamThread-1$/);
    expect(second.name).toMatch(/^app-.*-StreamThread-2$/);
    expect(first.memberId).not.toBe(second.memberId);
    await world.produce("lines", lines.slice(0, 400));
    expect(app.addThread()).toBe(3);
    expect(app.addThread()).toBe(4);
    await expectThreads(app, 4);
    await world.produce("lines", lines.slice(400, 800));
    expect(await app.removeThread()).toBe(3);
    expect(await app.removeThread()).toBe(2);
    expect(await app.removeThread()).toBe(1);
    await expectThreads(app, 1);
    await world.produce("lines", lines.slice(800));
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
    await app.close();
    const again = await world.app(wordCount(), options);
    await expectThreads(again, 2);
    const restored = again.metrics().find(({ name }) => name === "restore-records-total");
    expect(restored?.value).toBe(0);
  });
});

test("STREAMS-14: a task that moves between threads is opened once it was closed", async () => {
  const open = new Set<string>();
  const process = world.process();
  const engines = fileEngineProvider(process.platform);
  const watched = {
    ...engines,
    open: async (directory: string) => {
      expect(open).not.toContain(directory);
      open.add(directory);
      const engine = await engines.open(directory);
      const close = engine.close.bind(engine);
      engine.close = async () => {
        await new Promise((resolve) => setTimeout(resolve, 50)); // as a large one may take
        await close();
        open.delete(directory);
      };
      return engine;
    },
  };
  const app = await world.app(wordCount(), { threads: 1, stateDirectory: "/state" }, process, {
    engines: watched,
  });
  await world.produce("lines", linesOf(50));
  for (const count of [2, 1, 2]) {
    if (count === 2) app.addThread();
    else await app.removeThread();
    await expectThreads(app, count);
  }
  await expectCounted(world, linesOf(50));
});

test("an application that has paused processes nothing, keeps its tasks, and goes on", async () => {
  const app = await world.app(wordCount(), { threads: 2 });
  app.pause();
  expect(app.isPaused).toBe(true);
  await world.produce("lines", linesOf(40));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await world.readTexts("copies")).toEqual([]);
  expect(app.tasks.toSorted()).toEqual(allTasks);
  app.resume();
  expect(app.isPaused).toBe(false);
  await expectCounted(world, linesOf(40));
});

test("without threads an application waits for the next one, and ends when it is closed", async () => {
  const app = await world.app(wordCount(), {});
  expect(await app.removeThread()).toBe(0);
  expect(await app.removeThread()).toBe(0);
  await world.produce("lines", linesOf(20));
  expect(app.addThread()).toBe(1);
  await expectCounted(world, linesOf(20));
  await app.removeThread();
  await app.close();
  expect(() => app.addThread()).toThrow(expect.objectContaining({ code: "APPLICATION_CLOSED" }));
});

test("the application runs once all of its threads do", async () => {
  const changes: StreamsState[] = [];
  const onStateChange = (state: StreamsState): void => void changes.push(state);
  const app = await world.app(wordCount(), { threads: 3, onStateChange });
  await eventually(() => app.state).toBe("running");
  expect(changes[0]).toBe("rebalancing");
  app.addThread();
  expect(app.state).toBe("rebalancing");
  await eventually(() => app.state).toBe("running");
  await eventually(() => app.tasks.toSorted()).toEqual(allTasks);
});

test("a tap needs one thread, and one thread there stays while it is open", async () => {
  const tap = {
    take: () => {},
    committed: () => {},
    discarded: () => {},
    hasRoom: true,
    awaitsCommit: false,
    ended: () => {},
  };
  const several = await world.app(wordCount(), { threads: 2 });
  const code = expect.objectContaining({ code: "TAP_NEEDS_ONE_THREAD" });
  expect(() => several.tap("KSTREAM-SOURCE-0000000000", tap)).toThrow(code);
  await several.removeThread();
  const open = several.tap("KSTREAM-SOURCE-0000000000", tap);
  expect(() => several.addThread()).toThrow(code);
  open[Symbol.dispose]();
  expect(several.addThread()).toBe(2);
});

describe("an error that nobody caught", () => {
  const failing = (times: number): Topology => {
    let left = times;
    return copy((line) => {
      if (line === "bad" && left > 0) {
        left -= 1;
        throw new Error("a mistake");
      }
    });
  };

  test("ends the instance, without a policy", async () => {
    const app = await world.app(failing(1), { threads: 2 });
    await world.produce("lines", ["bad"]);
    expect(await failureOf(app.closed)).toMatchObject({ code: "PROCESSING_FAILED" });
    expect(app.state).toBe("failed");
    expect(app.threads).toEqual([]);
  });

  test("has another thread take the place, with what was not committed", async () => {
    const asked: unknown[] = [];
    const onUncaughtError: UncaughtErrorPolicy = (error) => {
      asked.push(error);
      return "replaceThread";
    };
    const app = await world.app(failing(2), { threads: 2, onUncaughtError });
    await world.produce("lines", ["a", "b", "bad", "c"]);
    await eventually(async () => (await world.readTexts("copies")).toSorted()).toEqual([
      "a",
      "b",
      "bad",
      "c",
    ]);
    expect(asked).toMatchObject([{ code: "PROCESSING_FAILED" }, { code: "PROCESSING_FAILED" }]);
    await eventually(() => app.threads.length).toBe(2);
    await eventually(() => app.state).toBe("running");
    const told = Object.fromEntries(app.metrics().map(({ name, value }) => [name, value]));
    expect(told).toMatchObject({ "alive-stream-threads": 2, "failed-stream-threads": 2 });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("confused");
      },
    ],
    ["answers something else", () => "later"],
    ["gives a promise that is rejected", () => Promise.reject(new Error("confused"))],
  ])("ends the instance where the policy %s, and says so", async (_how, policy) => {
    const onUncaughtError = policy as UncaughtErrorPolicy;
    const process = world.process();
    const app = await world.app(failing(1), { onUncaughtError }, process);
    await world.produce("lines", ["bad"]);
    expect(await failureOf(app.closed)).toMatchObject({ code: "PROCESSING_FAILED" });
    const told = process.events.filter(({ name }) => name === "streams.error-handler-failed");
    expect(told).toMatchObject([{ fields: { handler: "onUncaughtError" } }]);
    expect(told[0].fields["cause"]).toSatisfy((cause) => /confused|gave/.test(String(cause)));
  });

  test.each(["classic", "streams"] as const)(
    "ends all instances of the application, in a group %s",
    async (groupProtocol) => {
      const options = { groupProtocol, onUncaughtError: "shutdownApplication" } as const;
      const apps = await Promise.all(
        [1, 2, 3].map(() => world.app(failing(1), { ...options, threads: 2 })),
      );
      const ends = apps.map((app) => failureOf(app.closed));
      await eventually(() => apps.flatMap(({ tasks }) => tasks).length).toBe(4);
      await world.produce("lines", ["bad"]);
      const codes = (await Promise.all(ends)).map((error) => ("code" in error ? error.code : ""));
      expect(codes.toSorted()).toEqual([
        "APPLICATION_SHUT_DOWN",
        "APPLICATION_SHUT_DOWN",
        "PROCESSING_FAILED",
      ]);
    },
  );
});

describe("closing an application", () => {
  const membersOf = async (): Promise<number> => {
    const group = await world.client.admin.describeGroup("app");
    return group.members.length;
  };

  test.each([
    ["leave", 0],
    ["remain", 2],
  ] as const)("group: %s leaves %d members in the group", async (group, members) => {
    const app = await world.app(wordCount(), { threads: 2, sessionTimeout: 60_000 });
    await app.close({ group });
    expect(await membersOf()).toBe(members);
  });
});
