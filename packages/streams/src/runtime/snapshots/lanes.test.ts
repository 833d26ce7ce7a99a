import { expect, test } from "vitest";

import { Lanes } from "./lanes.ts";

const { signal } = new AbortController();

test("so many are at work at a time, in the order in which they came", async () => {
  const lanes = new Lanes(2);
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  const all = [0, 1, 2, 3].map((number) =>
    lanes.run(() => {
      begun.push(number);
      return new Promise<void>((resolve) => ends.push(resolve));
    }, signal),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]();
  await all[1];
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  ends[0]();
  await all[0];
  await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
  for (const end of ends) end();
  await Promise.all(all);
});

test("who waits may give up, and the turn is the next one's", async () => {
  const lanes = new Lanes(1);
  const first = Promise.withResolvers<void>();
  const working = lanes.run(() => first.promise, signal);
  const cancel = new AbortController();
  const given = lanes.run(async () => "never", cancel.signal);
  const last = lanes.run(async () => "last", signal);
  cancel.abort(new Error("closing"));
  await expect(given).rejects.toThrow("closing");
  first.resolve();
  await working;
  expect(await last).toBe("last");
  expect(await lanes.run(async () => "free", signal)).toBe("free");
});
