import { input, simulate, type SimulatedRun } from "@millrace/testing/simulate";
import { diffTopologies } from "millrace";
import { describe, expect, test } from "vitest";

import { pageCounts, visits } from "../../examples/rolling-upgrade/src/topics.ts";
import version1 from "../../examples/rolling-upgrade/src/v1.ts";
import version2 from "../../examples/rolling-upgrade/src/v2.ts";
import version3 from "../../examples/rolling-upgrade/src/v3.ts";
import { isVerify } from "../interop/apache-kafka.ts";
import { runExample } from "./run-example.ts";

const someVisits = input(visits, (random) =>
  Array.from({ length: 20 }, () => {
    const page = `/${random.below(3)}`;
    return [page, { page, country: "it" }] as const;
  }),
);

/** The counts of a page go up by one, from one on. */
function eachIsCountedOnce(run: SimulatedRun): void {
  const counts = new Map<string | null, number>();
  for (const [page, count] of run.output(pageCounts).pairs()) {
    expect(count?.visits).toBe((counts.get(page) ?? 0) + 1);
    counts.set(page, count?.visits ?? 0);
  }
  const given = run.input(visits).records().length;
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(given);
}

describe("two versions of a program at a time", () => {
  // Each start of an instance is of one of them: they go forth and back.
  test("count each visit once, whoever is killed or closed", { timeout: 60_000 }, async () => {
    const versions = new Set<string>();
    const report = await simulate(
      (world) => {
        const isNew = world.random.below(2) === 0;
        versions.add(isNew ? "v2" : "v1");
        return isNew ? version2() : version1();
      },
      {
        seeds: isVerify ? 200 : 3,
        instances: 3,
        inputs: [someVisits],
        faults: ["rebalance", "crash"],
        options: { cacheBytesMax: 0 },
        invariants: { "each visit is counted once": eachIsCountedOnce },
      },
    );
    expect(versions.size).toBe(2);
    expect(report.faults.rebalance).toBeGreaterThan(0);
  });

  test("are told apart from one that cannot go on", () => {
    const [both, third] = [version2, version3].map((now) => diffTopologies(version1(), now()));
    expect(both).toMatchObject({ stateSurvives: true, canRunTogether: true });
    expect(third).toMatchObject({
      severity: "restart",
      stateSurvives: false,
      canRunTogether: false,
    });
  });
});

// Nine processes: at full size alone.
test.skipIf(!isVerify)("the example runs", { timeout: 300_000 }, async () => {
  expect(await runExample("rolling-upgrade", "main.ts", 250_000)).toEqual([
    "from v1 to v2",
    "from v2 to v1",
    "each visit was counted once",
    "v2: state survives true, together true",
    "v3: state survives false, together false",
  ]);
});
