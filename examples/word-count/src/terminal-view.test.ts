import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { TerminalView } from "./terminal-view.ts";

const facts = {
  bootstrapServers: "127.0.0.1:4711",
  topics: ["lines", "word-counts"],
  stateFolder: "data/state",
  textFolder: "docs",
  linesInAll: 4,
  wordsInAll: 10,
};
const change = { word: "the", count: 1, isNew: true };

/** A terminal of so many columns and rows: it keeps what is on it, from the top of what was written. */
class FakeScreen {
  readonly columns: number;
  readonly rows: number;
  lines: string[] = [];

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    // oxlint-disable-next-line no-control-regex
    const [, up, rest] = /^(?:\u001B\[(\d+)A)?(?:\r\u001B\[J)?([\s\S]*)$/.exec(text) ?? [];
    if (up !== undefined) this.lines.splice(this.lines.length - Number(up));
    for (const line of rest.replace(/\n$/, "").split("\n")) {
      this.lines.push(line.slice(0, this.columns));
      for (let at = this.columns; at < line.length; at += this.columns)
        this.lines.push(line.slice(at, at + this.columns));
    }
  }

  get text(): string {
    return this.lines.join("\n");
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a terminal shows what runs, how far it is, and the commonest words first", () => {
  const screen = new FakeScreen(120, 40);
  const view = new TerminalView(screen);
  expect(screen.text).toContain("starting a broker");
  view.started(facts);
  expect(screen.text).not.toContain("starting a broker");
  view.loaded(2);
  const counts = new Map([
    ["a", 1],
    ["the", 3],
  ]);
  view.counted(change, { counts, wordsCounted: 4 });
  vi.advanceTimersByTime(100);
  expect(screen.text).toContain("127.0.0.1:4711");
  expect(screen.text).toContain("lines, word-counts");
  expect(screen.text).toContain("data/state");
  expect(screen.text).toMatch(/loading .* 50 % {2}2 of 4 lines/);
  expect(screen.text).toMatch(/counting .* 40 % {2}4 of 10 words/);
  expect(screen.text).toMatch(/the {2}3 {2}▇{30}\n {2}a {4}1 {2}▇{10}\n/);
  expect(screen.text).not.toContain("Try next");
});

test("once all is counted it says what to try, on that very broker, in commands that are whole", () => {
  const screen = new FakeScreen(60, 24);
  const view = new TerminalView(screen);
  view.started(facts);
  view.counted(change, { counts: new Map([["the", 10]]), wordsCounted: 10 });
  vi.advanceTimersByTime(100);
  view.counted(change, { counts: new Map([["the", 11]]), wordsCounted: 11 });
  vi.advanceTimersByTime(100);
  const whole = screen.lines.join("");
  expect(whole).toContain("produce lines --bootstrap-server 127.0.0.1:4711");
  expect(whole).toContain("docs/getting-started.md");
  expect(screen.text.match(/Try next/g)).toHaveLength(1);
  expect(screen.text.match(/counting/g)).toHaveLength(1);
  expect(screen.lines.length).toBeLessThan(24);
});

test("many changes are drawn at most ten times a second, and the last one at the end", () => {
  const screen = new FakeScreen(120, 40);
  const view = new TerminalView(screen);
  view.started(facts);
  const write = vi.spyOn(screen, "write");
  for (let count = 1; count <= 1000; count++) {
    view.counted(change, { counts: new Map([["the", count]]), wordsCounted: 5 });
    if (count % 100 === 0) vi.advanceTimersByTime(50);
  }
  expect(write.mock.calls.length).toBeLessThan(7);
  view.counted(change, { counts: new Map([["the", 1001]]), wordsCounted: 5 });
  view.close();
  expect(screen.text).toContain("1001");
});
