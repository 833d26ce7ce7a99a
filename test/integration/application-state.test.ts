import { string } from "@millrace/serde";
import { StreamsBuilder, type StreamsState, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { TestWorld } from "./world/test-world.ts";

/** What an application tells of its state. */
let world: TestWorld;
let changes: string[];

beforeEach(async () => {
  world = await TestWorld.start({ lines: 2, copies: 2 });
  changes = [];
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const onStateChange = (newState: StreamsState, oldState: StreamsState): void => {
  changes.push(`${oldState} ${newState}`);
};

function copy(check: (line: string) => string = (line) => line): Topology {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).mapValues(check, { value: string() }).to("copies");
  return builder.build();
}

const began = ["created rebalancing", "rebalancing running"];

describe("the option onStateChange is told of every change", () => {
  test("from the start to the end", async () => {
    const app = await world.app(copy(), { onStateChange });
    expect(changes).toEqual(began);
    expect(app.state).toBe("running");
    await app.close();
    await app.close();
    expect(changes).toEqual([...began, "running closing", "closing closed"]);
    expect(app.state).toBe("closed");
  });

  test("of an application that fails while it runs", async () => {
    const app = await world.app(
      copy(() => {
        throw new Error("a mistake");
      }),
      { onStateChange },
    );
    await world.produce("lines", ["one"]);
    await expect(app.closed).rejects.toThrow();
    expect(changes).toEqual([...began, "running failing", "failing failed"]);
    await app.close();
    expect(app.state).toBe("failed");
  });

  test("of an application that cannot start", async () => {
    const builder = new StreamsBuilder();
    builder.stream("missing", { value: string() }).to("copies");
    await expect(world.app(builder.build(), { onStateChange })).rejects.toMatchObject({
      code: "MISSING_SOURCE_TOPIC",
    });
    expect(changes).toEqual(["created rebalancing", "rebalancing failing", "failing failed"]);
  });

  test("of an application that is closed while it starts", async () => {
    const stop = new AbortController();
    const starting = world.app(copy(), { onStateChange, signal: stop.signal });
    stop.abort();
    await expect(starting).rejects.toBe(stop.signal.reason);
    expect(changes).toEqual(["created rebalancing", "rebalancing closing", "closing closed"]);
  });

  test("of each rebalance", async () => {
    const first = await world.app(copy(), { onStateChange });
    const seen: StreamsState[] = [];
    using _ = first.onStateChange((state) => seen.push(state));
    const second = await world.app(copy(), {});
    await eventually(() => [first.tasks.length, second.tasks.length]).toEqual([1, 1]);
    await eventually(() => seen.at(-1)).toBe("running");
    await second.close();
    await eventually(() => first.tasks.length).toBe(2);
    await eventually(() => seen.length % 2).toBe(0);
    expect(seen.length).toBeGreaterThanOrEqual(4);
    for (const [index, state] of seen.entries())
      expect(state).toBe(index % 2 === 0 ? "rebalancing" : "running");
    expect(changes.slice(2).map((change) => change.split(" ")[1])).toEqual(seen);
  });
});

test("states() gives the present state, then each change, and ends with the application", async () => {
  const app = await world.app(copy(), {});
  const seen: StreamsState[] = [];
  for await (const state of app.states()) {
    seen.push(state);
    if (state === "running") void app.close();
  }
  expect(seen).toEqual(["running", "closing", "closed"]);
});
