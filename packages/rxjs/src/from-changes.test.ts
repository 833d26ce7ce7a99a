import { concatMap, firstValueFrom, lastValueFrom, of, take, toArray } from "rxjs";
import { expect, test } from "vitest";

import { fromChanges } from "./from-changes.ts";

/** Numbers without end, each taken when it is asked for. */
function numbers(taken: number[]) {
  return async function* (signal: AbortSignal): AsyncGenerator<number, void, undefined> {
    try {
      for (let number = 0; ; number++) {
        await Promise.resolve();
        signal.throwIfAborted();
        taken.push(number);
        yield number;
      }
    } finally {
      taken.push(-1);
    }
  };
}

test("changes come until nobody wants them, and then their source ends", async () => {
  const taken: number[] = [];
  expect(await lastValueFrom(fromChanges(numbers(taken)).pipe(take(3), toArray()))).toEqual([
    0, 1, 2,
  ]);
  await expect.poll(() => taken.at(-1)).toBe(-1);
});

test("the next one is taken once the work on the one before is done", async () => {
  const taken: number[] = [];
  let release = (): void => {};
  const atWork = new Promise<void>((resolve) => (release = resolve));
  const made = firstValueFrom(
    fromChanges(numbers(taken), (number) =>
      number < 2 ? of() : atWork.then(() => `made of ${number}`),
    ).pipe(concatMap((text) => of(text))),
  );
  await expect.poll(() => taken).toEqual([0, 1, 2]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(taken).toEqual([0, 1, 2]);
  release();
  expect(await made).toBe("made of 2");
});

test("what ends the changes is told as an error, also where they cannot begin", async () => {
  const failing = fromChanges(() => {
    throw new Error("no such store");
  });
  await expect(lastValueFrom(failing)).rejects.toThrow("no such store");
});
