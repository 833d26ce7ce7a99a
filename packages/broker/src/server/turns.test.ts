import { memoryPlatform } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";
import { turnMs, Turns } from "./turns.ts";
import { UnreadAnswers } from "./unread-answers.ts";

/** A clock that work moves on, and what had a turn in between. */
function world() {
  const platform = memoryPlatform();
  const { clock, timers } = platform;
  const state = { nowMs: clock.monotonicMs(), yields: 0, sleptMs: 0 };
  const turns = new Turns({
    clock: { ...clock, wallMs: () => 0, monotonicMs: () => state.nowMs },
    timers: {
      ...timers,
      after: (delayMs, callback) => timers.after(delayMs, callback),
      yield: async () => {
        state.yields++;
        await platform.advance(0);
      },
      sleep: (delayMs) => {
        state.sleptMs += delayMs;
        state.nowMs += delayMs;
        return Promise.resolve();
      },
    },
  });
  return { state, turns, platform };
}

test("what fits into a turn is there at once", () => {
  const { turns } = world();
  expect(turns.map([1, 2, 3], (number) => 2 * number)).toEqual([2, 4, 6]);
});

test("what does not gives way between its items, in order", async () => {
  const { state, turns } = world();
  const results = turns.map([1, 2, 3, 4], (number) => {
    state.nowMs += turnMs / 2;
    return number;
  });
  expect(results).toBeInstanceOf(Promise);
  expect(await results).toEqual([1, 2, 3, 4]);
  expect([state.yields, state.sleptMs]).toEqual([1, 0]);
});

test("a request is told what it took of the turns after its first one", async () => {
  const { state, turns } = world();
  let laterMs = 0;
  const work = turns.of((ms) => (laterMs += ms));
  await work.map([1, 2, 3, 4, 5], () => void (state.nowMs += turnMs / 2));
  expect(laterMs).toBe(1.5 * turnMs);
  expect(work.map([1], (number) => number)).toEqual([1]);
  expect(laterMs).toBe(1.5 * turnMs);
});

test("after a long turn those who take long rest for as long", async () => {
  const { state, turns } = world();
  const work = (count: number) =>
    turns.map(Array.from({ length: count }), () => void (state.nowMs += 200));
  await work(3);
  expect(state.sleptMs).toBe(200);
  expect(turns.restMs).toBe(200);
});

test("once much was done in one go only what is quick goes on, until others had their turn", async () => {
  const { state, turns, platform } = world();
  for (let count = 0; count < 4; count++) {
    expect(turns.isOver).toBe(false);
    const startMs = state.nowMs;
    state.nowMs += turnMs;
    expect(turns.end(startMs)).toBe(false);
    if (turns.isOver) break;
  }
  expect(turns.isOver).toBe(true);
  await platform.advance(0);
  expect(turns.isOver).toBe(false);
});

/** How many pieces of long work are done in a round of the event loop, at most. */
async function mostInOneRound(work: (turns: Turns, piece: () => void) => Promise<unknown>) {
  const { timers } = nodePlatform();
  let nowMs = 0;
  let doneCount = 0;
  let most = 0;
  const turns = new Turns({ timers, clock: { wallMs: () => 0, monotonicMs: () => nowMs } });
  const working = work(turns, () => {
    nowMs += turnMs;
    doneCount++;
  });
  const state = { isOver: false };
  void working.finally(() => (state.isOver = true));
  for (let before = doneCount; !state.isOver; before = doneCount) {
    await timers.yield();
    most = Math.max(most, doneCount - before);
  }
  return { most, doneCount };
}

test("of many who take long, only so many go on before others have their turn", async () => {
  const { most, doneCount } = await mostInOneRound((turns, piece) =>
    Promise.all(Array.from({ length: 20 }, () => turns.map([1, 2, 3], piece))),
  );
  expect(doneCount).toBe(60);
  expect(most).toBeLessThanOrEqual(4);
});

test("the same of many who are woken, the first of them at once", async () => {
  const { most, doneCount } = await mostInOneRound((turns, piece) => {
    let atOnce = 0;
    const woken = Array.from({ length: 20 }, () =>
      turns.woken(() => {
        atOnce++;
        piece();
      }),
    );
    expect(atOnce).toBe(3);
    return Promise.all(woken);
  });
  expect(doneCount).toBe(20);
  expect(most).toBeLessThanOrEqual(4);
});

test("unread answers leave each next one a part of the room, and never nothing", () => {
  const unread = new UnreadAnswers(1_000_000, () => {});
  expect(unread.answerBytesMax).toBe(250_000);
  unread.add(800_000);
  expect([unread.isFull, unread.answerBytesMax]).toEqual([false, 65_536]);
  unread.add(200_000);
  expect(unread.isFull).toBe(true);
  unread.add(-1_000_000);
  expect(unread.answerBytesMax).toBe(250_000);
});
