import { expect, test } from "vitest";

import { AnsweringTurns } from "./answering-turns.ts";

/** Asks for so many at once, of which each takes its time. */
async function answered(count: number, answerMs: number) {
  const told = { looks: 0, order: [] as number[], inTurn: [] as number[] };
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => ((told.looks += 1), nowMs) };
  const timers = {
    yield: async () => {
      const before = told.order.length;
      await new Promise((resolve) => setImmediate(resolve));
      told.inTurn.push(told.order.length - before);
    },
  } as never; // as much of them as is asked for
  const turns = new AnsweringTurns({ clock, timers });
  const answer = async (number: number): Promise<void> => {
    const turn = turns.next();
    if (turn !== undefined) await turn;
    nowMs += answerMs;
    told.order.push(number);
  };
  await Promise.all(Array.from({ length: count }, (_, number) => answer(number)));
  return told;
}

test.each([
  { answerMs: 0, share: 100 },
  { answerMs: 1, share: 6 },
  { answerMs: 10, share: 1 },
])(
  "of $answerMs ms each there are $share in a turn, in the order in which they are asked for",
  async (each) => {
    const { order, inTurn, looks } = await answered(250, each.answerMs);
    expect(order).toEqual(Array.from({ length: 250 }, (_, number) => number));
    expect(Math.max(...inTurn)).toBe(each.share);
    // Who waits costs nothing until it is its turn.
    expect(looks).toBeLessThan(3 * 250);
  },
);
