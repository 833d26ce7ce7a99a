import type { StateListener, StreamsState } from "@millrace/streams";
import { map, take } from "rxjs";
import { TestScheduler, type RunHelpers } from "rxjs/testing";
import { expect, test } from "vitest";

import { fromMetrics } from "./from-metrics.ts";
import { fromState } from "./from-state.ts";

/** As much of an application as is observed here. */
class Stated {
  state: StreamsState = "running";
  readonly listeners = new Set<StateListener>();

  onStateChange(listener: StateListener): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  to(state: StreamsState): void {
    const before = this.state;
    this.state = state;
    for (const listener of this.listeners) listener(state, before);
  }

  metrics() {
    return [{ name: "listeners", tags: {}, value: this.listeners.size }];
  }
}

const names: Readonly<Record<string, StreamsState>> = {
  R: "running",
  b: "rebalancing",
  r: "running",
  c: "closing",
  C: "closed",
  f: "failing",
  F: "failed",
};

const marbles = (body: (helpers: RunHelpers) => void): void =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(body);

test.each([
  ["---b-r---c-C--", "R--b-r---c-(C|)"],
  ["---f-F", "R--f-(F|)"],
])("fromState begins with the present state and completes with the last: %s", (source, result) =>
  marbles(({ hot, expectObservable, flush }) => {
    const app = new Stated();
    expectObservable(fromState(app)).toBe(result, names);
    hot(source, names).subscribe((state) => app.to(state));
    flush();
    expect(app.listeners.size).toBe(0);
  }),
);

test("fromState of an application that has ended gives its last state", () =>
  marbles(({ expectObservable }) => {
    const app = new Stated();
    app.state = "closed";
    expectObservable(fromState(app)).toBe("(C|)", names);
  }));

test("fromState listens no longer than it is listened to", () => {
  const app = new Stated();
  const subscription = fromState(app).subscribe();
  expect(app.listeners.size).toBe(1);
  subscription.unsubscribe();
  expect(app.listeners.size).toBe(0);
});

test("fromState tells in order what a subscriber itself brings about", () => {
  const app = new Stated();
  const seen: StreamsState[] = [];
  fromState(app).subscribe((state) => {
    seen.push(state);
    if (state === "running") app.to("closing");
    if (state === "closing") app.to("closed");
  });
  expect(seen).toEqual(["running", "closing", "closed"]);
});

test("fromMetrics looks at once, then so often, and once more at the end", () =>
  marbles(({ hot, expectObservable, flush }) => {
    const app = new Stated();
    const values = fromMetrics(app, { every: 4 }).pipe(map(([{ value }]) => value));
    // While it goes on it listens for the end.
    expectObservable(values).toBe("1---1---1-(0|)", { "0": 0, "1": 1 });
    hot("----------C", names).subscribe((state) => app.to(state));
    flush();
    expect(app.listeners.size).toBe(0);
  }));

test("fromMetrics ends its timer with its subscriber", () =>
  marbles(({ expectObservable, flush }) => {
    const app = new Stated();
    expectObservable(
      fromMetrics(app, { every: "1s" }).pipe(
        take(2),
        map(() => "m"),
      ),
    ).toBe("m 999ms (m|)");
    flush();
    expect(app.listeners.size).toBe(0);
  }));

test.each([{ every: 0 }, { every: "soon" }, { often: "1s" }, { scheduler: "fast" }])(
  "%j is no option of fromMetrics",
  (options) => {
    expect(() => fromMetrics(new Stated(), options as never)).toThrow(
      expect.objectContaining({ name: "OptionError" }),
    );
  },
);
