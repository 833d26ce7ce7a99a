import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder, topic, type Topology } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { input } from "./plan/simulated-input.ts";
import { simulate } from "./simulate.ts";
import { SimulationError } from "./simulation-error.ts";
import type { SimulatedRun } from "./simulated-run.ts";
import type { SimulatedWorld } from "./world/simulated-world.ts";

const clicks = topic("clicks", { key: string(), value: string() });
const counts = topic("counts", { key: string(), value: int64AsNumber() });

const asked = topic("asked", { key: string(), value: string() });

const someClicks = input(clicks, (random) =>
  Array.from({ length: 12 }, () => [`user-${random.below(3)}`, "/"] as const),
);

function countsInStore(): Topology {
  const builder = new StreamsBuilder();
  builder.stream(clicks).groupByKey().count({ store: "clicks-per-user" }).toStream().to(counts);
  return builder.build();
}

/** A mistake: what is counted so far is in no store. */
function countsBesideStores(): Topology {
  const builder = new StreamsBuilder();
  const known = new Map<string, number>();
  builder
    .stream(clicks)
    .map((_path, user) => {
      const count = (known.get(user) ?? 0) + 1;
      known.set(user, count);
      return { key: user, value: count };
    })
    .to(counts);
  return builder.build();
}

function countsAreRight(run: SimulatedRun): void {
  const expected = new Map<string, number>();
  for (const [user] of run.input(clicks).pairs())
    expected.set(user ?? "", (expected.get(user ?? "") ?? 0) + 1);
  expect(run.output(counts).table()).toEqual(expected);
}

async function failureOf(work: Promise<unknown>): Promise<SimulationError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SimulationError) return error;
  throw error ?? new Error("the simulation found nothing");
}

describe("simulate", () => {
  test("SIMULATE-2: an application whose state is in stores holds, each record written once", async () => {
    const report = await simulate(countsInStore, {
      inputs: [someClicks],
      seeds: 2,
      invariants: {
        "counts are right": countsAreRight,
        "each record is there once": (run) => {
          const written = run
            .output(clicks)
            .records()
            .map(({ key, timestamp }) => [key, timestamp]);
          const given = run
            .input(clicks)
            .records()
            .map(({ key, timestamp }) => [key, timestamp]);
          expect(written.toSorted()).toEqual(given.toSorted());
        },
      },
    });
    expect(report.seeds).toBe(2);
    expect(report.records).toBe(24);
  });

  test("state outside of stores is found, by a history of few faults and records", async () => {
    const error = await failureOf(
      simulate(countsBesideStores, {
        inputs: [someClicks],
        seeds: [13],
        invariants: { "counts are right": countsAreRight },
      }),
    );
    expect(error.code).toBe("INVARIANT_VIOLATED");
    expect(error.invariant).toBe("counts are right");
    const text = error.message;
    expect(text).toMatch(/^seed \d+ violates "counts are right": expected/);
    expect(text.match(/^ +\d+ ms > /gm), text).toHaveLength(1);
    expect(text.match(/^ +\d+ ms \+ clicks-\d {2}"user-\d" = /gm), text).toHaveLength(2);
    expect(text).toContain(`To run it again: seeds: [${error.seed}].`);
  });

  test("a record that waits for a call is not processed yet", async () => {
    const asksTwice = (world: SimulatedWorld): Topology => {
      const builder = new StreamsBuilder();
      builder
        .stream(clicks)
        .mapValuesAsync(
          async (path, _user, { attempt }) => {
            await world.sleep(500);
            if (attempt === 1) throw new Error("again");
            return path;
          },
          { retry: { attempts: 2, backoff: "1s" }, value: string(), name: "ask" },
        )
        .to(asked);
      return builder.build();
    };
    await simulate(asksTwice, {
      inputs: [input(clicks, [["ada", "/"]])],
      seeds: 1,
      faults: [],
      invariants: {
        "each has its answer": (run) => expect(run.output(asked).values()).toEqual(["/"]),
      },
    });
  });

  test("SIMULATE-1: a seed gives the same history again", async () => {
    const again = (): Promise<SimulationError> =>
      failureOf(
        simulate(countsBesideStores, {
          inputs: [someClicks],
          seeds: [13],
          shrinkRunsMax: 0,
          invariants: { "counts are right": countsAreRight },
        }),
      );
    expect((await again()).message).toBe((await again()).message);
  });

  test("what an application does to the world outside is told, each time", async () => {
    const paid = (world: SimulatedWorld): Topology => {
      const builder = new StreamsBuilder();
      builder
        .stream(clicks)
        .peek((_path, user) => world.effect("payments", user))
        .to(counts.name, { value: string() });
      return builder.build();
    };
    const error = await failureOf(
      simulate(paid, {
        inputs: [someClicks],
        faults: ["crash", "powerLoss"],
        shrinkRunsMax: 0,
        invariants: {
          "each click is paid once": (run) =>
            run.effects("payments").length === run.input(clicks).records().length
              ? undefined
              : "one was paid twice",
        },
      }),
    );
    expect(error.message).toContain("one was paid twice");
  });

  test("SIMULATE-3: a program that never gets through its input is told with what ended it", async () => {
    const failing = (): Topology => {
      const builder = new StreamsBuilder();
      builder
        .stream(clicks)
        .mapValues((): string => {
          throw new Error("no such user");
        })
        .to("answers", { value: string() });
      return builder.build();
    };
    const error = await failureOf(
      simulate(failing, {
        inputs: [input(clicks, [["ada", "/"]])],
        faults: [],
        seeds: 1,
        instances: 1,
        shrinkRunsMax: 0,
        invariants: {},
      }),
    );
    expect(error.invariant).toBe("all input is processed once the faults are over");
    expect(error.message).toContain("no such user");
  });

  test("what must always hold is asked while it runs", async () => {
    let looks = 0;
    const error = await failureOf(
      simulate(countsInStore, {
        inputs: [
          input(clicks, [
            ["ada", "/"],
            ["ada", "/"],
          ]),
        ],
        faults: [],
        seeds: 1,
        shrinkRunsMax: 0,
        invariants: {},
        always: {
          "nobody is counted twice": (run) => {
            looks += 1;
            return (run.output(counts).table().get("ada") ?? 0) > 1 ? "ada is" : undefined;
          },
        },
      }),
    );
    expect(error.message).toContain('violates "nobody is counted twice": ada is');
    expect(looks).toBeGreaterThan(1);
  });

  test("stores are asked over all instances", async () => {
    const builder = new StreamsBuilder();
    const table = builder.stream(clicks).groupByKey().count({ store: "clicks-per-user" });
    await simulate(builder.build(), {
      inputs: [someClicks],
      seeds: 1,
      invariants: {
        "the store has what was counted": async (run) => {
          const rows = await run.rows(table, (store) => store.all());
          const total = rows.reduce((sum, { value }) => sum + value, 0);
          expect(total).toBe(run.input(clicks).records().length);
        },
      },
    });
  });

  test("rows are of all partitions, also while their instance is away", async () => {
    const builder = new StreamsBuilder();
    const table = builder.stream(clicks).groupByKey().count({ store: "clicks-per-user" });
    table.toStream().to(counts);
    let looks = 0;
    await simulate(builder.build(), {
      inputs: [someClicks],
      faults: ["crash", "rebalance"],
      seeds: 3,
      invariants: {},
      always: {
        "what was told is in the store": async (run) => {
          looks += 1;
          const told = run.output(counts).table();
          const rows = await run.rows(table, (store) => store.all());
          const kept = new Map(rows.map(({ key, value }) => [key, value]));
          for (const [user, count] of told)
            if ((kept.get(user) ?? 0) < (count ?? 0)) return `${user} is not there`;
          return undefined;
        },
      },
    });
    expect(looks).toBeGreaterThan(10);
  });

  test("an abort ends a run; a violation that was found by then is told", async () => {
    const reason = new Error("enough");
    const invariants = { "counts are right": countsAreRight };
    const options = { inputs: [someClicks], seeds: [13], invariants };
    await expect(
      simulate(countsBesideStores, { ...options, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const within = new AbortController();
    const looking = simulate(countsInStore, {
      ...options,
      signal: within.signal,
      always: { "it goes on": () => within.abort(reason) },
    });
    await expect(looking).rejects.toBe(reason);

    const late = new AbortController();
    let judged = 0;
    const error = await failureOf(
      simulate(countsBesideStores, {
        ...options,
        signal: late.signal,
        invariants: {
          "counts are right": (run) => {
            judged += 1;
            if (judged === 2) late.abort(reason);
            countsAreRight(run);
          },
        },
      }),
    );
    expect(judged).toBe(2);
    expect(error.code).toBe("INVARIANT_VIOLATED");
    expect(error.message).toContain("the search was ended by its signal");
  });

  test("what it cannot run is refused by name", async () => {
    const invariants = {};
    const inputs = [someClicks];
    await expect(simulate(() => undefined as never, { inputs, invariants })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("builder.build()"),
    });
    await expect(
      simulate(countsInStore, { inputs, invariants, options: { applicationId: "a" } as never }),
    ).rejects.toThrow("options has applicationId, which the simulation sets itself");
    await expect(
      simulate(countsInStore, { inputs, invariants, faults: ["fire" as never] }),
    ).rejects.toThrow("faults");
    // At once, and not by an instance that never comes.
    const wrong = { options: { commitIntervall: 5 } as never, inputs, invariants };
    await expect(simulate(countsInStore, wrong)).rejects.toThrow("Did you mean commitInterval?");
    await expect(
      simulate(countsInStore, { inputs, invariants, options: { heartbeatInterval: "5s" } }),
    ).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const error = await failureOf(
      simulate(countsInStore, {
        inputs,
        seeds: 1,
        faults: [],
        shrinkRunsMax: 0,
        invariants: { other: (run) => void run.output("others", counts).records() },
      }),
    );
    expect(error.code).toBe("UNKNOWN_TOPIC");
  });
});
