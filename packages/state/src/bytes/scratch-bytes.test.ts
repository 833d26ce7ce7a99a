import { expect, it } from "vitest";

import { ScratchBytes } from "./scratch-bytes.ts";

const bytes = Uint8Array.from({ length: 200 }, (_, index) => index);

it("a part is what the bytes have there, whatever its length", () => {
  const scratch = new ScratchBytes();
  for (const [start, end] of [
    [0, 0],
    [3, 67],
    [3, 68],
    [100, 200],
  ])
    expect([...scratch.partOf(bytes, start, end)]).toEqual([...bytes.subarray(start, end)]);
  expect([...scratch.partOf(bytes, 190)]).toEqual([...bytes.subarray(190)]);
});

it("short parts of one length share an array, those of another length do not", () => {
  const scratch = new ScratchBytes();
  const first = scratch.partOf(bytes, 0, 8);
  const other = scratch.partOf(bytes, 20, 29);
  expect(scratch.partOf(bytes, 10, 18)).toBe(first);
  expect([first[0], other[0]]).toEqual([10, 20]);
});

it("the bytes of a text are its characters", () => {
  const scratch = new ScratchBytes();
  for (const length of [0, 5, 64, 65])
    expect([...scratch.fromLatin1(String.fromCharCode(...bytes.subarray(0, length)))]).toEqual([
      ...bytes.subarray(0, length),
    ]);
});
