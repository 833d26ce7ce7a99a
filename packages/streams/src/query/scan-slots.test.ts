import { expect, test } from "vitest";

import { openScansMax, ScanSlots } from "./scan-slots.ts";

const enough = new Error("enough");

function full(): ScanSlots {
  const slots = new ScanSlots();
  for (let taken = 0; taken < openScansMax; taken++) expect(slots.take()).toBe(true);
  expect(slots.take()).toBe(false);
  return slots;
}

/** All that were taken are given back: as many are free as at first. */
function expectAllFree(slots: ScanSlots, taken = openScansMax): void {
  for (let given = 0; given < taken; given++) slots.giveBack();
  for (let again = 0; again < openScansMax; again++) expect(slots.take()).toBe(true);
  expect(slots.take()).toBe(false);
}

test("those who wait have what is given back, in the order in which they came", async () => {
  const slots = full();
  const told: string[] = [];
  const { signal } = new AbortController();
  const waits = ["a", "b"].map(async (name) => {
    await slots.wait(signal);
    told.push(name);
  });
  slots.giveBack();
  await waits[0];
  expect(told).toEqual(["a"]);
  slots.giveBack();
  await waits[1];
  expect(told).toEqual(["a", "b"]);
  expectAllFree(slots);
});

test("who waits ends at once with his signal, and takes nothing along", async () => {
  const slots = full();
  const end = new AbortController();
  const wait = slots.wait(end.signal);
  end.abort(enough);
  await expect(wait).rejects.toBe(enough);
  expectAllFree(slots);
});

test("what was given to somebody whose signal ended then goes to the next one", async () => {
  const slots = full();
  const end = new AbortController();
  const gone = slots.wait(end.signal);
  const next = slots.wait(new AbortController().signal);
  slots.giveBack();
  end.abort(enough);
  await expect(gone).rejects.toBe(enough);
  await next;
  expectAllFree(slots);
});
