import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { ApplicationError } from "../error/application-error.ts";
import type { LoopHost } from "./loop-host.ts";
import { StreamThreads, type StreamThreadsOptions } from "./stream-threads.ts";
import type { UncaughtErrorResponse } from "./uncaught-error.ts";

const missing = new ApplicationError("MISSING_SINK_TOPIC", "there is no topic copies");

interface Scene {
  readonly threads: StreamThreads;
  readonly opened: number[];
  readonly lines: (readonly [level: string, event: string, fields: unknown])[];
}

/** Loops that run, or not, as `run` says of the one that was opened so many before. */
function sceneOf(
  run: (opened: number, running: () => void) => Promise<void>,
  given: Partial<StreamThreadsOptions> = {},
): Scene {
  const opened: number[] = [];
  const lines: Scene["lines"] = [];
  const memory = memoryPlatform();
  const logger = {
    ...memory.logger,
    log: (level: string, event: string, fields?: unknown) =>
      void lines.push([level, event, fields]),
  };
  const { timers: own } = memory;
  const after: typeof own.after = (delayMs, callback) => own.after(delayMs, callback);
  const timers = { ...own, after, sleep: () => Promise.resolve() };
  const open = (number: number): LoopHost => {
    const index = opened.push(number) - 1;
    let markRunning = (): void => {};
    const running = new Promise<void>((resolve) => {
      markRunning = resolve;
    });
    const host: Partial<LoopHost> = {
      running,
      run: () => run(index, markRunning),
      close: () => Promise.resolve(),
      endApplication: async (signal) => void lines.push(["told", "all", signal.aborted]),
    };
    return host as LoopHost;
  };
  const threads = new StreamThreads({
    applicationId: "app",
    platform: { ...memory, logger: logger as never, timers },
    count: 1,
    open,
    nameOf: (number) => `app-thread-${number}`,
    states: { tell: () => {}, forget: () => {} } as never,
    onUncaughtError: "replaceThread",
    closeTimeoutMs: 1000,
    gone: undefined,
    onFailing: () => {},
    onCount: () => {},
    ...given,
  });
  return { threads, opened, lines };
}

test("replaceThread does not hold back what keeps an application from starting", async () => {
  const stop = AbortSignal.timeout(5000); // what is replaced for ever comes to an end here
  const { threads, opened, lines } = sceneOf((index) =>
    index < 20 ? Promise.reject(missing) : new Promise(() => {}),
  );
  await expect(Promise.race([threads.run(stop), threads.running])).rejects.toBe(missing);
  expect(opened).toEqual([1]);
  expect(lines).toEqual([
    [
      "info",
      "streams.thread-failed",
      { application: "app", thread: "app-thread-1", answer: "shutdownClient", cause: missing },
    ],
  ]);
});

test("replaceThread has another loop take the place of one that fails once the application was running", async () => {
  const stop = new AbortController();
  const { threads, opened, lines } = sceneOf(async (index, running) => {
    if (index === 3) return stop.abort();
    if (index === 0) {
      running();
      await threads.running;
    }
    throw missing; // also where those that take its place fail before they run
  });
  await threads.run(stop.signal);
  expect(opened).toEqual([1, 1, 1, 1]);
  expect(lines.map(([level]) => level)).toEqual(["error", "error", "error"]);
});

test("a loop that fails while it is removed is not replaced, and ends the application where the policy says so", async () => {
  const stop = new AbortController();
  const failing = (onUncaughtError: UncaughtErrorResponse) => {
    const removed = Promise.withResolvers<unknown>();
    const scene = sceneOf(
      async (_, running) => {
        running();
        await scene.threads.running;
        removed.resolve(scene.threads.remove());
        throw missing;
      },
      { onUncaughtError },
    );
    const over = scene.threads.run(stop.signal);
    return { ...scene, over, removed: removed.promise };
  };
  await expect(failing("shutdownClient").over).rejects.toBe(missing);
  const all = failing("shutdownApplication");
  await expect(all.over).rejects.toBe(missing);
  expect(all.lines.at(-1)).toEqual(["told", "all", false]); // there is time to tell the group
  const { threads, opened, lines, over, removed } = failing("replaceThread");
  expect(await Promise.race([over, removed])).toBe(1);
  stop.abort();
  await over;
  expect([opened, threads.count]).toEqual([[1], 0]);
  expect(lines.map(([, event]) => event)).toEqual(["streams.thread-failed"]);
});
