import { expect, test } from "vitest";

import { ProgressLine, progressText } from "./progress-line.ts";

function lineOn(output: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  const now = { ms: 0 };
  const line = new ProgressLine({ ...output, write: (text) => written.push(text) }, () => now.ms);
  return { line, written, now };
}

test("a bar tells the part, the percent and the counts", () => {
  const text = progressText({ label: "loading", done: 1500, total: 6000, unit: "lines" });
  expect(text).toBe("loading  ██████░░░░░░░░░░░░░░░░░░  25 %  1,500 of 6,000 lines");
  expect(progressText({ label: "restoring", done: 1200, unit: "records" })).toBe(
    "restoring  1,200 records",
  );
  expect(progressText({ label: "x", done: 9, total: 3 })).toContain("100 %");
});

test("a terminal's line is drawn over itself, at most a dozen times a second, and its end always", () => {
  const { line, written, now } = lineOn({ isTTY: true, columns: 200 });
  line.show({ label: "x", done: 1, total: 3 });
  line.show({ label: "x", done: 2, total: 3 });
  expect(written).toHaveLength(1);
  now.ms = 100;
  line.show({ label: "x", done: 2, total: 3 });
  line.show({ label: "x", done: 3, total: 3 });
  expect(written).toHaveLength(3);
  expect(written[2]).toMatch(/^\rx .*100 %/);
  line.clear();
  expect(written[3]).toBe("\r\u001B[K");
  line.clear();
  expect(written).toHaveLength(4);
});

test("a line is never longer than the terminal is wide", () => {
  const { line, written } = lineOn({ isTTY: true, columns: 20 });
  line.show({ label: "a label that is long", done: 1, total: 3 });
  expect(written[0].replace(/^\r/, "").replace("\u001B[K", "")).toHaveLength(19);
});

test("nothing is written where the output is no terminal", () => {
  const { line, written } = lineOn({});
  line.show({ label: "x", done: 1, total: 1 });
  line.clear();
  expect(written).toEqual([]);
});
