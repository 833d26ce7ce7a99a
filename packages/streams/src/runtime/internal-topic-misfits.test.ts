import { describe, expect, test } from "vitest";

import { repartitionConfigs } from "../topology/internal-topic-configs.ts";
import {
  changelogMisfits,
  repartitionMisfits,
  tellInternalTopicMisfits,
  type MisfitsSurroundings,
} from "./internal-topic-misfits.ts";

type Texts = Readonly<Record<string, string>>;

const compact = { "cleanup.policy": "compact" };
const windowed = { "cleanup.policy": "compact,delete", "retention.ms": "90000000" };
const versioned = { "cleanup.policy": "compact", "min.compaction.lag.ms": "90000000" };
/** As a broker tells them, whatever the topic was made with. */
const defaults = {
  "cleanup.policy": "delete",
  "retention.ms": "604800000",
  "retention.bytes": "-1",
  "min.compaction.lag.ms": "0",
};

function told(
  misfitsOf: typeof changelogMisfits,
  wanted: Texts,
  found: Texts,
): readonly (readonly string[])[] {
  const configs = new Map(Object.entries({ ...defaults, ...found }));
  return misfitsOf({ configs: wanted }, configs).map((one) => [one.config, one.found, one.wanted]);
}

describe("a changelog loses rows", () => {
  test.each<[string, Texts, Texts, string[][]]>([
    ["of a table that is deleted", compact, {}, [["cleanup.policy", "delete", "compact"]]],
    [
      "of a table that is deleted as well",
      compact,
      { "cleanup.policy": "compact,delete" },
      [["cleanup.policy", "compact,delete", "compact"]],
    ],
    [
      "of windows that last longer",
      windowed,
      { ...windowed, "retention.ms": "60000" },
      [["retention.ms", "60000", "90000000"]],
    ],
    [
      "of windows beyond a size",
      windowed,
      { ...windowed, "retention.bytes": "1000" },
      [["retention.bytes", "1000", "-1"]],
    ],
    [
      "of versions that are compacted too early",
      versioned,
      compact,
      [["min.compaction.lag.ms", "0", "90000000"]],
    ],
  ])("%s", (_, wanted, found, expected) => {
    expect(told(changelogMisfits, wanted, found)).toEqual(expected);
  });

  test.each<[string, Texts, Texts]>([
    ["as it is made", compact, compact],
    ["of windows as it is made", windowed, windowed],
    ["of windows that is kept for longer", windowed, { ...windowed, "retention.ms": "-1" }],
    ["of windows that is never deleted", windowed, compact],
    ["of versions as it is made", versioned, versioned],
    [
      "whose user has it deleted",
      { "cleanup.policy": "compact,delete" },
      { "cleanup.policy": "compact,delete" },
    ],
  ])("but not one %s", (_, wanted, found) => {
    expect(told(changelogMisfits, wanted, found)).toEqual([]);
  });
});

describe("a repartition topic loses records", () => {
  test.each<[string, Texts, string[][]]>([
    ["that is compacted", compact, [["cleanup.policy", "compact", "delete"]]],
    ["that is made by default", {}, [["retention.ms", "604800000", "-1"]]],
    [
      "of a bounded size",
      { "retention.ms": "-1", "retention.bytes": "9" },
      [["retention.bytes", "9", "-1"]],
    ],
  ])("%s", (_, found, expected) => {
    expect(told(repartitionMisfits, repartitionConfigs, found)).toEqual(expected);
  });

  test("but not one as it is made", () => {
    expect(told(repartitionMisfits, repartitionConfigs, repartitionConfigs)).toEqual([]);
  });
});

test("it is told also where nobody says where the cluster is", async () => {
  const lines: unknown[] = [];
  const configs = Object.entries(defaults).map(([name, value]) => ({ name, value }));
  const surroundings = {
    admin: {
      describeConfigs: async () => [{ name: "app-s-changelog", configs }],
      describeCluster: () => Promise.reject(new Error("not yours")),
    },
    subtopologies: [
      {
        repartitionTopics: [],
        changelogTopics: [{ name: "app-s-changelog", configs: compact, isSourceTopic: false }],
      },
    ],
    logger: { isEnabled: () => true, log: (...line: unknown[]) => void lines.push(line) },
  } as unknown as MisfitsSurroundings; // as much of it as is asked for
  const { signal } = new AbortController();
  await tellInternalTopicMisfits(surroundings, new Set(["app-s-changelog"]), signal);
  expect(lines).toMatchObject([
    [
      "error",
      "streams.internal-topic-misfit",
      {
        advice: expect.stringMatching(
          /--add-config cleanup.policy=compact --bootstrap-server HOST:PORT$/,
        ),
      },
    ],
  ]);
});
