import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { QueryError } from "../error/query-error.ts";
import type { QueryOptions } from "./query-options.ts";
import { StoreReader, type StoreReaderParts } from "./store-reader.ts";

const missing = new QueryError("NOT_PRESENT", "nobody has it");
const question = { kind: "count" } as const;

/** Of partition 7 of a store that nobody has, where the cluster says so how many partitions there are. */
function readerOf(
  partitionCount: StoreReaderParts["partitionCount"],
  {
    signal,
    positionAtLeast,
    askedMs = 70,
  }: Pick<QueryOptions, "signal" | "positionAtLeast"> & { readonly askedMs?: number } = {},
) {
  const platform = memoryPlatform();
  const asker = {
    here: async () => undefined,
    ask: async function* (_store: unknown, _request: unknown, { timeoutMs = 0 }) {
      await platform.timers.sleep(Math.min(askedMs, timeoutMs));
      yield* [];
      throw missing;
    },
  };
  const store = { specification: { name: "counts" }, subtopology: {} };
  const closing = new AbortController().signal;
  const knownPartitionCount = (): undefined => undefined;
  const parts = { store, asker, closing, platform, partitionCount, knownPartitionCount } as unknown;
  const settings = { timeout: 100, isLocal: false, standbys: false, partitions: [7] };
  const reader = new StoreReader(
    parts as StoreReaderParts, // as much of them as is asked for
    { ...settings, signal, positionAtLeast } as unknown as StoreReader["settings"],
  );
  const failure = (): Promise<unknown> =>
    platform.until(reader.whole(7, question).catch((error: unknown) => error));
  return { platform, reader, failure };
}

const never = (): Promise<number> => new Promise(() => {});

test.each([70, 100])(
  "a query that found nobody for %d ms tells which partitions there are",
  async (askedMs) => {
    const told = expect.stringContaining("has partitions 0 to 2");
    const { platform, failure } = readerOf(
      async () => {
        await platform.timers.sleep(20);
        return 3;
      },
      { askedMs },
    );
    expect(await failure()).toMatchObject({ code: "NOT_PRESENT", message: told });
  },
);

test("it ends with its time where the cluster does not tell them", async () => {
  const { platform, failure } = readerOf(never);
  expect(await failure()).toBe(missing);
  expect(platform.clock.monotonicMs()).toBe(100);
});

test.each([7, 0])("so it does where the position of partition %d is awaited", async (partition) => {
  const { platform, failure } = readerOf(never, { positionAtLeast: { words: { [partition]: 1 } } });
  expect(await failure()).toBe(missing);
  expect(platform.clock.monotonicMs()).toBe(100);
});

test("it ends as it was where the cluster cannot be asked", async () => {
  const { failure } = readerOf(() => Promise.reject(new Error("no broker")));
  expect(await failure()).toBe(missing);
});

test("it ends with its caller", async () => {
  const gone = new AbortController();
  const enough = new Error("enough");
  const { platform, failure } = readerOf(never, { signal: gone.signal });
  platform.timers.after(80, () => gone.abort(enough));
  expect(await failure()).toBe(enough);
  expect(platform.clock.monotonicMs()).toBe(80);
});

test("partitions of topics that are not there yet are awaited by the query, and others refused", async () => {
  await readerOf(() => Promise.reject(missing)).reader.requirePartitions();
  await expect(readerOf(async () => 3).reader.requirePartitions()).rejects.toMatchObject({
    code: "INVALID_OPTION",
  });
});

const head = { isStandby: false, position: {}, changelogOffsets: {} };

/** Of a store whose partitions are all here; whoever asks elsewhere is told. */
function readerHere(
  here: StoreReaderParts["asker"]["here"],
  settings: Pick<QueryOptions, "signal" | "positionAtLeast" | "partitions"> = {},
) {
  const asked: string[] = [];
  const closing = new AbortController();
  const asker = {
    here,
    ask: async function* () {
      asked.push("whoever has it");
      yield { head, rows: [] };
    },
  };
  const parts = {
    store: { specification: { name: "counts" }, subtopology: {} },
    asker,
    closing: closing.signal,
    platform: memoryPlatform(),
    knownPartitionCount: () => 8,
    partitionCount: async () => {
      asked.push("the cluster");
      return 8;
    },
  } as unknown as StoreReaderParts; // as much of them as is asked for
  const given = { timeout: 100, isLocal: false, standbys: false, ...settings };
  const reader = new StoreReader(parts, given as unknown as StoreReader["settings"]);
  return { reader, asked, closing, parts };
}

test("what is here is answered without a listener, a timer, or a question to anybody", async () => {
  const own = new AbortController();
  const { reader, asked, closing } = readerHere(async () => ({ head, rows: [] }), {
    signal: own.signal,
    partitions: [3],
  });
  const listened: unknown[] = [];
  for (const { signal } of [own, closing])
    signal.addEventListener = (...given: unknown[]): void => void listened.push(given);
  expect(await reader.partitionOf(new Uint8Array(1))).toBe(3);
  expect(await reader.whole(3, question)).toEqual({ head, rows: [] });
  expect(await reader.partitionCount()).toBe(8);
  expect({ asked, listened }).toEqual({ asked: [], listened: [] });
});

test.each(["own", "closing"])("it ends with its signals, though it is here: %s", async (which) => {
  const own = new AbortController();
  const enough = new Error("enough");
  const { reader, closing } = readerHere(
    async (_, life) => {
      life.requireGoing();
      return { head, rows: [] };
    },
    { signal: own.signal },
  );
  await reader.whole(3, question);
  (which === "own" ? own : closing).abort(enough);
  await expect(reader.whole(3, question)).rejects.toBe(enough);
});

test("whoever has it is asked where it is not here, or a position is awaited", async () => {
  const away = readerHere(async () => undefined);
  await away.reader.whole(3, question);
  expect(away.asked).toEqual(["whoever has it"]);
  const bound = readerHere(async () => ({ head, rows: [] }), { positionAtLeast: { a: { 3: 1 } } });
  await bound.reader.whole(3, question);
  expect(bound.asked).toEqual(["the cluster", "whoever has it"]);
});
