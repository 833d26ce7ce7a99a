import { JoinedSignal } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { QueryError } from "../error/query-error.ts";
import type { LocalRole, PartitionAnswers, PartitionRequest } from "./local-answers.ts";
import { PartitionAsker } from "./partition-asker.ts";
import type { QueryableStore } from "./queryable-stores.ts";
import { encodePage } from "./query-wire.ts";
import { TaskOwners } from "./task-owners.ts";

const head = { isStandby: true, position: {}, changelogOffsets: {} };
const store = { subtopology: { sourceTopics: ["in"], sourcePatterns: [] } } as unknown;
const request: PartitionRequest = {
  store: "counts",
  partition: 0,
  question: { kind: "count" },
  isolation: undefined,
  allowsStandby: true,
  positionAtLeast: {},
  lagMax: Infinity,
};

const notHere = (role: LocalRole | undefined): PartitionAnswers => ({
  has: () => role,
  ask: () => silent(AbortSignal.abort()) as never,
  whole: async () => undefined,
});

type Peer = (signal: AbortSignal) => AsyncGenerator<string, void, undefined>;

async function* silent(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  yield "never";
}

/** A query of 10 s that the active instance, and then the one with a copy, is asked. */
async function asked(active: Peer, standby: Peer, readMs = 0) {
  const platform = memoryPlatform();
  const { clock, timers } = platform;
  const instance = (host: string) => ({
    host,
    port: 1,
    partitions: [{ topic: "in", partition: 0 }],
  });
  const owners = new TaskOwners(() => ({ active: [instance("a")], standby: [instance("b")] }));
  const asker = new PartitionAsker({
    platform,
    applicationId: "application",
    local: notHere(undefined),
    owners,
    transport: {
      ask: (address, _, signal) => (address === "a:1" ? active(signal) : standby(signal)),
    },
    ownAddress: undefined,
  });
  const signal = new AbortController().signal;
  const bounds = { timeoutMs: 10_000, signal, isLocal: false };
  const read = async (): Promise<unknown> => {
    let pages = 0;
    try {
      for await (const _ of asker.ask(store as QueryableStore, request, bounds)) {
        pages += 1;
        await timers.sleep(readMs, signal);
      }
      return { pages, ms: clock.monotonicMs() };
    } catch (error) {
      return { pages, ms: clock.monotonicMs(), error };
    }
  };
  return platform.until(read());
}

async function* answering(): AsyncGenerator<string, void, undefined> {
  yield encodePage({ head, rows: [], isLast: true }, request);
}

async function* beginning(): AsyncGenerator<string, void, undefined> {
  yield encodePage({ head, rows: [], isLast: false }, request);
}

async function* breakingOff(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  yield* beginning();
  yield* silent(signal);
}

async function* inTwoPages(): AsyncGenerator<string, void, undefined> {
  yield* beginning();
  yield encodePage({ head: undefined, rows: [], isLast: true }, request);
}

async function* withTwoHeads(): AsyncGenerator<string, void, undefined> {
  yield* beginning();
  yield* answering();
}

test("an instance that takes a request and is silent then leaves the one with a copy its time", async () => {
  expect(await asked(silent, answering)).toEqual({ pages: 1, ms: 5000 });
});

test("a query of silent instances ends within its timeout", async () => {
  const ended = await asked(silent, silent);
  expect(ended).toMatchObject({ pages: 0, error: { code: "INSTANCE_UNREACHABLE" } });
  expect((ended as { ms: number }).ms).toBeLessThanOrEqual(11_000);
});

test.each([
  ["that is being restored", "restoring", { code: "NOT_ACTIVE", retriable: true }],
  ["of another instance's, whose address nobody knows", "standby", { code: "NOT_PRESENT" }],
] as const)("what is here as a copy alone, %s, is told as that", async (_, role, told) => {
  const platform = memoryPlatform();
  const asker = new PartitionAsker({
    platform,
    applicationId: "application",
    local: notHere(role),
    owners: new TaskOwners(() => undefined),
    transport: undefined,
    ownAddress: undefined,
  });
  const bounds = { timeoutMs: 100, signal: new AbortController().signal, isLocal: false };
  const pages = asker.ask(store as QueryableStore, { ...request, allowsStandby: false }, bounds);
  const failure = await platform.until(pages.next().catch((error: unknown) => error));
  expect(failure).toMatchObject({ ...told, message: expect.stringContaining("standbys: true") });
});

test.each([
  [999, { pages: 1, ms: 1000 }],
  [1001, { pages: 0, ms: 1000 }],
])(
  "a query of a second asks once more when its time is over: of a task that is there at %d ms",
  async (fromMs, told) => {
    const platform = memoryPlatform();
    const { clock } = platform;
    const page = { head: { ...head, isStandby: false }, rows: [], isLast: true };
    const asker = new PartitionAsker({
      platform,
      applicationId: "application",
      local: {
        has: () => (clock.monotonicMs() < fromMs ? undefined : "active"),
        ask: async function* () {
          yield page;
        },
        whole: async () => undefined,
      },
      owners: new TaskOwners(() => undefined),
      transport: undefined,
      ownAddress: undefined,
    });
    const bounds = { timeoutMs: 1000, signal: new AbortController().signal, isLocal: false };
    const count = async () => {
      let pages = 0;
      try {
        for await (const _ of asker.ask(store as QueryableStore, request, bounds)) pages += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: "NOT_PRESENT" });
      }
      return { pages, ms: clock.monotonicMs() };
    };
    expect(await platform.until(count())).toEqual(told);
  },
);

test("it ends with its signal between two pages of a task that runs here, whose cursor is closed", async () => {
  const ends = new AbortController();
  const enough = new Error("enough");
  let isClosed = false;
  const asker = new PartitionAsker({
    platform: memoryPlatform(),
    applicationId: "application",
    local: {
      ...notHere("active"),
      ask: async function* () {
        try {
          for (;;) yield { head: { ...head, isStandby: false }, rows: [] };
        } finally {
          isClosed = true;
        }
      },
    },
    owners: new TaskOwners(() => undefined),
    transport: undefined,
    ownAddress: undefined,
  });
  const bounds = { timeoutMs: 1000, signal: ends.signal, isLocal: false };
  const pages = asker.ask(store as QueryableStore, request, bounds);
  await pages.next();
  ends.abort(enough);
  await expect(pages.next()).rejects.toBe(enough);
  expect(isClosed).toBe(true);
});

test.each([
  ["that may pass has whoever has it asked", "NOT_ACTIVE", undefined],
  ["that stays is told", "STORE_FAILED", "STORE_FAILED"],
] as const)("what a task that runs here answers with, %s", async (_, code, told) => {
  const life = { requireGoing: () => {}, ends: () => new JoinedSignal() };
  const fails = async (): Promise<never> => {
    throw new QueryError(code, "it does not answer");
  };
  const asker = new PartitionAsker({
    platform: memoryPlatform(),
    applicationId: "application",
    local: { ...notHere("active"), whole: fails },
    owners: new TaskOwners(() => undefined),
    transport: undefined,
    ownAddress: undefined,
  });
  const answer = asker.here(request, life).catch((error: QueryError) => error.code);
  expect(await answer).toBe(told);
});

test("one that falls silent within its answer has interrupted it", async () => {
  const ended = await asked(breakingOff, answering);
  expect(ended).toMatchObject({ pages: 1, ms: 5000, error: { code: "QUERY_INTERRUPTED" } });
});

test("how long a page is looked at is no silence", async () => {
  expect(await asked(inTwoPages, silent, 60_000)).toEqual({ pages: 2, ms: 120_000 });
});

test("a second beginning is no answer", async () => {
  expect(await asked(withTwoHeads, silent)).toMatchObject({
    error: { code: "QUERY_INTERRUPTED" },
  });
});
