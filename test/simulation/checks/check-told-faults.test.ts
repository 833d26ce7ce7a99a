import { describe, expect, test } from "vitest";

import { isTold } from "./check-told-faults.ts";

const fault = (folder: string) => ({ kind: "diskFull", folder, atMs: 1 }) as const;

describe("a full disk is told of", () => {
  test.each([
    ["its folder", "cannot sync data/lines-1: the disk is full"],
    ["a file in it", "data/lines-1/0000.log: the disk is full; free some space"],
    ["it at the end of a sentence", "The disk is full: look at data/lines-1."],
  ])("by a text that names %s", (_, text) => {
    expect(isTold(fault("data/lines-1"), [text])).toBe(true);
  });

  test.each([
    ["another one, whose name goes on", "data/lines-12/0000.log: the disk is full"],
    ["another one, whose name ends like it", "olddata/lines-1/0000.log: the disk is full"],
    ["one within it", "data/lines-1/stray/0000.log: the disk is full"],
  ])("but not by one that names %s", (_, text) => {
    expect(isTold(fault("data/lines-1"), [text])).toBe(false);
  });
});
