import { silentLogger } from "@millrace/platform";
import { expect, test } from "vitest";

import { ApplicationState, type StateListener, type StreamsState } from "./application-state.ts";

const begin = (listener?: StateListener): ApplicationState =>
  new ApplicationState({ applicationId: "app", onStateChange: listener }, silentLogger);

const all: readonly StreamsState[] = [
  "created",
  "rebalancing",
  "running",
  "closing",
  "closed",
  "failing",
  "failed",
];

/** How a state is reached. */
const ways: Readonly<Record<StreamsState, readonly StreamsState[]>> = {
  created: [],
  rebalancing: ["rebalancing"],
  running: ["rebalancing", "running"],
  closing: ["closing"],
  closed: ["closing", "closed"],
  failing: ["rebalancing", "failing"],
  failed: ["rebalancing", "failing", "failed"],
};

/** What Kafka's `KafkaStreams.setState` does: goes there, refuses in silence, or throws. */
const outcomes = {
  created: { goes: ["rebalancing", "closing"], stays: ["created"] },
  rebalancing: { goes: ["running", "closing", "failing"], stays: ["rebalancing"] },
  running: { goes: ["rebalancing", "closing", "failing"], stays: ["running"] },
  closing: { goes: ["closed"], stays: all.filter((state) => state !== "closed") },
  closed: { goes: [], stays: all },
  failing: { goes: ["failed"], stays: all.filter((state) => state !== "failed") },
  failed: { goes: [], stays: all },
} as const;

test.each(all)("STREAMS-10: %s is followed by Kafka's states alone", (from) => {
  const { goes, stays } = outcomes[from];
  for (const to of all) {
    const changes: string[] = [];
    const state = begin((newState, oldState) => changes.push(`${oldState} ${newState}`));
    for (const step of ways[from]) state.to(step);
    changes.length = 0;
    if (goes.some((next) => next === to)) {
      state.to(to);
      expect([state.current, changes]).toEqual([to, [`${from} ${to}`]]);
    } else if (stays.some((kept) => kept === to)) {
      state.to(to);
      expect([state.current, changes]).toEqual([from, []]);
    } else {
      expect(() => state.to(to)).toThrow(/STREAMS-10/);
      expect(state.current).toBe(from);
    }
  }
});

test("all listeners are told of all changes in order, also where one of them makes the next", () => {
  const told: string[] = [];
  const state = begin((now) => {
    told.push(`first ${now}`);
    if (now === "rebalancing") state.to("closing");
  });
  state.onChange((now, before) => told.push(`second ${before} ${now}`));
  state.to("rebalancing");
  expect(told).toEqual([
    "first rebalancing",
    "second created rebalancing",
    "first closing",
    "second rebalancing closing",
  ]);
});

test("a listener that throws stops nobody, and is told in the log", () => {
  const events: string[] = [];
  const logger = { isEnabled: () => true, log: (_: string, name: string) => events.push(name) };
  const onStateChange = (): never => {
    throw new Error("a mistake of the listener");
  };
  const state = new ApplicationState({ applicationId: "app", onStateChange }, logger);
  const seen: StreamsState[] = [];
  state.onChange((now) => seen.push(now));
  state.to("rebalancing");
  expect(seen).toEqual(["rebalancing"]);
  expect(events).toContain("streams.state-listener-failed");
});

test("a listener is told nothing once it is disposed of", () => {
  const seen: StreamsState[] = [];
  const state = begin();
  const subscription = state.onChange((now) => seen.push(now));
  state.to("rebalancing");
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  state.to("running");
  expect(seen).toEqual(["rebalancing"]);
});

test.each([undefined, "running", async () => {}])("%s is no listener", (given) => {
  expect(() => begin().onChange(given as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});

test("an iteration begins with the present state, misses none, and ends with the last", async () => {
  const state = begin();
  state.to("rebalancing");
  const seen: StreamsState[] = [];
  const over = (async () => {
    for await (const now of state.states()) seen.push(now);
  })();
  await Promise.resolve();
  for (const next of ["running", "rebalancing", "running", "closing", "closed"] as const)
    state.to(next);
  await over;
  expect(seen).toEqual(["rebalancing", "running", "rebalancing", "running", "closing", "closed"]);
  const late: StreamsState[] = [];
  for await (const now of state.states()) late.push(now);
  expect(late).toEqual(["closed"]);
});

test("an iteration that is far behind holds few changes, and what it gives is in Kafka's order", async () => {
  const state = begin();
  state.to("rebalancing");
  const states = state.states();
  await states.next();
  for (let turn = 0; turn < 1000; turn++) {
    state.to("running");
    state.to("rebalancing");
  }
  state.to("failing");
  state.end();
  const seen: StreamsState[] = ["rebalancing"];
  for await (const now of states) seen.push(now);
  expect(seen.length).toBeLessThan(20);
  expect(seen.slice(-3)).toEqual(["rebalancing", "failing", "failed"]);
  for (let index = 1; index < seen.length; index++)
    expect(outcomes[seen[index - 1]].goes).toContain(seen[index]);
});

test("an iteration ends with the reason of its signal, and is left at once", async () => {
  const state = begin();
  const stop = new AbortController();
  const states = state.states(stop.signal);
  await states.next();
  const next = states.next();
  stop.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  const left = state.states();
  await left.next();
  expect(await left.return()).toEqual({ done: true, value: undefined });
});
