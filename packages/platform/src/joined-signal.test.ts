import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import { JoinedSignal } from "./joined-signal.ts";

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("a joined signal", () => {
  test("aborts with the first of its sources, and with its reason", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using joined = new JoinedSignal(first.signal, undefined, second.signal);
    expect(joined.signal.aborted).toBe(false);
    second.abort("over");
    first.abort("later");
    expect(joined.signal.reason).toBe("over");
  });

  test("is aborted from the beginning where a source is", () => {
    const living = new AbortController();
    using joined = new JoinedSignal(living.signal, AbortSignal.abort("gone"));
    expect(joined.signal.reason).toBe("gone");
    expect(listenersOf(living.signal)).toBe(0);
  });

  test("leaves nothing at its sources once it is disposed of, or has aborted", () => {
    const [living, brief] = [new AbortController(), new AbortController()];
    const joined = new JoinedSignal(living.signal, brief.signal);
    expect(listenersOf(living.signal)).toBe(1);
    joined[Symbol.dispose]();
    joined[Symbol.dispose]();
    expect(listenersOf(living.signal)).toBe(0);
    living.abort();
    expect(joined.signal.aborted).toBe(false);
    const other = new AbortController();
    const aborted = new JoinedSignal(other.signal, brief.signal);
    brief.abort();
    expect(aborted.signal.aborted).toBe(true);
    expect(listenersOf(other.signal)).toBe(0);
  });
});
