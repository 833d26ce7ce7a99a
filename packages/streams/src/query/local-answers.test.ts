import { JoinedSignal } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { keyValueStore, StateError, type StoreView } from "@millrace/state";
import { string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import {
  LocalAnswers,
  type PartitionRequest,
  type QueryableTask,
  type QueryLife,
} from "./local-answers.ts";
import type { QueryableStores } from "./queryable-stores.ts";
import { openScansMax } from "./scan-slots.ts";

const request: PartitionRequest = {
  store: "counts",
  partition: 3,
  question: { kind: "range", from: null, to: null, isReverse: false },
  isolation: undefined,
  allowsStandby: false,
  positionAtLeast: {},
  lagMax: Infinity,
};
const specification = keyValueStore({ name: "counts", key: string(), value: string() });
const stores = {
  find: () => ({ specification, subtopology: { id: 1 } }),
} as unknown as QueryableStores; // as much of them as is asked for
const enough = new Error("enough");

/** Of a task with so many rows, which ends its scans behind some, and takes so long for the first row of each. */
function answersOf(rowCount: number, endsBehind = Infinity, scanMs = 0) {
  const platform = memoryPlatform();
  const told = { opened: 0, disposed: 0, turns: 0, moves: false, spentMs: 0, openMax: 0 };
  const value = { value: new Uint8Array(1), timestamp: 1, headers: [] };
  const scan = () => {
    let count = 0;
    told.opened += 1;
    told.openMax = Math.max(told.openMax, told.opened - told.disposed);
    told.spentMs += scanMs;
    return {
      next: () => {
        if (count === endsBehind) throw new StateError("CURSOR_ENDED", "written too much");
        return ++count <= rowCount;
      },
      key: new Uint8Array(1),
      value,
      [Symbol.dispose]: () => (told.disposed += 1),
    };
  };
  const view = { kind: "keyValue", store: { scan } } as unknown as StoreView;
  const task: QueryableTask = {
    taskId: { subtopology: 1, partition: 3 },
    isActive: true,
    stores: { view: () => view },
    lag: 0,
    position: () => ({ words: { 3: 9 } }),
    changelogOffsets: () => ({ 3: 7 }),
  };
  const { clock, timers } = platform;
  const answers = new LocalAnswers({
    stores,
    find: ({ subtopology, partition } = { subtopology: -1, partition: -1 }) =>
      subtopology === 1 && partition === 3 && !told.moves ? task : undefined,
    platform: {
      clock: { ...clock, monotonicMs: () => clock.monotonicMs() + told.spentMs },
      timers: {
        ...timers,
        yield: () => {
          told.turns += 1;
          return timers.yield();
        },
      },
    },
    isolation: "committed",
  });
  return { answers, told, until: platform.until.bind(platform) };
}

const lifeThat = (requireGoing: () => void): QueryLife => ({
  requireGoing,
  ends: () => new JoinedSignal(),
});
const goingOn = lifeThat(() => {});
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => error);

describe("a whole answer of the task that runs here", () => {
  it.each([0, 1, 500, 501, 1700])("has all of %d rows, and its cursor is closed", async (count) => {
    const { answers, told } = answersOf(count);
    const answer = await answers.whole(request, goingOn);
    expect(answer?.rows.length).toBe(count);
    expect(answer?.head).toEqual({
      isStandby: false,
      position: { words: { 3: 9 } },
      changelogOffsets: { 3: 7 },
    });
    expect(told).toMatchObject({ opened: 1, disposed: 1 });
  });

  it("is none where the task is not here, or a copy of it", async () => {
    const { answers } = answersOf(1);
    expect(await answers.whole({ ...request, partition: 4 }, goingOn)).toBeUndefined();
    const copy = { isActive: false } as QueryableTask; // as much of it as is asked for
    const platform = memoryPlatform();
    const copies = new LocalAnswers({ stores, find: () => copy, platform, isolation: "live" });
    expect(await copies.whole({ ...request, allowsStandby: true }, goingOn)).toBeUndefined();
  });

  it("gives way to others once a turn has had its share, and is told then whether it goes on", async () => {
    const { answers, told, until } = answersOf(500 * 250);
    let asked = 0;
    const whole = answers.whole(
      request,
      lifeThat(() => {
        asked += 1;
        if (asked === 150) throw enough;
      }),
    );
    expect(await until(failureOf(whole))).toBe(enough);
    expect(told).toMatchObject({ turns: 2, opened: 1, disposed: 1 });
  });

  it("takes no more of a turn than its share, however many are asked for at once", async () => {
    const { answers, told, until } = answersOf(1, Infinity, 1);
    await until(Promise.all(Array.from({ length: 48 }, () => answers.whole(request, goingOn))));
    expect(told).toMatchObject({ opened: 48, turns: 8 });
  });

  it("leaves few cursors open, however many are asked for at once, and an answer of one page waits for none", async () => {
    const { answers, told, until } = answersOf(1700);
    const few = answersOf(499);
    const many = Promise.all(Array.from({ length: 100 }, () => answers.whole(request, goingOn)));
    const counts = (await until(many)).map((answer) => answer?.rows.length);
    expect(new Set(counts)).toEqual(new Set([1700]));
    expect(told.openMax).toBe(openScansMax + 1); // the one that finds that it has to wait
    await few.until(
      Promise.all(Array.from({ length: 100 }, () => few.answers.whole(request, goingOn))),
    );
    expect(few.told).toMatchObject({ opened: 100, openMax: 1 });
  });

  it("gives way to the next scan where it fails, or its query ends", async () => {
    const { answers, told, until } = answersOf(1700, 900);
    const wholes = Array.from({ length: 100 }, (_, index) =>
      answers.whole(
        request,
        lifeThat(() => {
          if (index % 2 === 0 && told.disposed > 0) throw enough;
        }),
      ),
    );
    const failures = await until(Promise.all(wholes.map(failureOf)));
    expect(failures).toHaveLength(100);
    for (const failure of failures)
      if (failure !== enough) expect(failure).toMatchObject({ code: "QUERY_INTERRUPTED" });
    expect(told.disposed).toBe(told.opened);
  });

  it("says so where its task moves while it waits for its turn", async () => {
    const { answers, told, until } = answersOf(1);
    await Promise.all(Array.from({ length: 100 }, () => answers.whole(request, goingOn)));
    const late = answers.whole(request, goingOn);
    told.moves = true;
    expect(await until(failureOf(late))).toMatchObject({ code: "NOT_ACTIVE", retriable: true });
  });

  it("is interrupted by what ends its cursor, which is closed", async () => {
    const { answers, told } = answersOf(1000, 700);
    expect(await failureOf(answers.whole(request, goingOn))).toMatchObject({
      code: "QUERY_INTERRUPTED",
    });
    expect(told).toMatchObject({ opened: 1, disposed: 1 });
  });
});
