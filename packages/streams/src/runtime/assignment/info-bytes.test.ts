import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { fromHex, toHex, type TopicPartition } from "@millrace/model";
import { parseTaskId, type TaskId } from "../../processor/task-id.ts";
import {
  assignorErrors,
  decodeAssignmentInfo,
  encodeAssignmentInfo,
  type AssignmentInfo,
  type HostPartitions,
} from "./assignment-info.ts";
import { parseHostEndpoint } from "./host-endpoint.ts";
import {
  decodeSubscriptionInfo,
  encodeSubscriptionInfo,
  runsNow,
  unknownOffsetSum,
  type SubscriptionInfo,
} from "./subscription-info.ts";

interface GivenSubscription {
  readonly process: string;
  readonly endPoint: string;
  readonly sums: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly unique: number;
  readonly error: number;
}

type Inputs = readonly string[];

interface GivenAssignment {
  readonly active: readonly string[];
  readonly standby: Readonly<Record<string, Inputs>>;
  readonly activeHosts: Readonly<Record<string, Inputs>>;
  readonly standbyHosts: Readonly<Record<string, Inputs>>;
  readonly error: number;
  readonly next?: number;
}

interface Vector {
  readonly subscription?: GivenSubscription;
  readonly assignment?: GivenAssignment;
  /** In hex, of each version. */
  readonly bytes: Readonly<Record<string, string>>;
}

/** What Apache Kafka 4.3.1 writes (test/interop/java/TaskAssignors.java). */
const vectors = readFileSync(new URL("info-bytes.vectors.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Vector => JSON.parse(line));

const idOf = (name: string): TaskId => parseTaskId(name) ?? { subtopology: 0, partition: 0 };
const inputsOf = (names: Inputs): readonly TopicPartition[] =>
  names.map(idOf).map(({ subtopology, partition }) => ({ topic: `t${subtopology}`, partition }));
const latestOf = (version: number): number => (version < 3 ? -1 : 11);

function subscriptionOf(given: GivenSubscription, version: number): SubscriptionInfo {
  return {
    version,
    latestSupportedVersion: latestOf(version),
    processId: given.process,
    userEndPoint: version >= 2 ? given.endPoint : "",
    taskOffsetSums: Object.entries(given.sums).map(([name, sum]) => ({
      taskId: idOf(name),
      offsetSum: version >= 7 || sum === runsNow ? sum : unknownOffsetSum,
    })),
    uniqueField: version >= 8 ? given.unique : 0,
    errorCode: version >= 9 ? given.error : 0,
    clientTags: new Map(version >= 11 ? Object.entries(given.tags) : []),
  };
}

function hostsOf(given: Readonly<Record<string, Inputs>>): readonly HostPartitions[] {
  return Object.entries(given).flatMap(([endPoint, names]) => {
    const endpoint = parseHostEndpoint(endPoint);
    return endpoint === undefined ? [] : [{ ...endpoint, partitions: inputsOf(names) }];
  });
}

function assignmentOf(given: GivenAssignment, version: number): AssignmentInfo {
  return {
    version,
    commonlySupportedVersion: latestOf(version),
    activeTasks: given.active.map(idOf),
    standbyTasks: Object.entries(given.standby).map(([name, names]) => ({
      taskId: idOf(name),
      partitions: inputsOf(names),
    })),
    activeHosts: version >= 2 ? hostsOf(given.activeHosts) : [],
    standbyHosts: version >= 6 ? hostsOf(given.standbyHosts) : [],
    errorCode: version >= 4 ? given.error : assignorErrors.none,
    nextRebalanceMs: version >= 7 ? (given.next ?? Infinity) : Infinity,
    detail: "",
  };
}

const rows = vectors.flatMap(({ bytes, ...given }, index) =>
  Object.entries(bytes).map(([version, hex]) => ({
    ...given,
    index,
    version: Number(version),
    hex,
  })),
);

describe("bytes of a subscription", () => {
  const own = rows.flatMap((row) =>
    row.subscription === undefined ? [] : [{ ...row, given: row.subscription }],
  );

  test.each(own)("$index are Kafka's in version $version", ({ given, version, hex }) => {
    const info = subscriptionOf(given, version);
    expect(toHex(encodeSubscriptionInfo(info))).toBe(hex);
    expect(decodeSubscriptionInfo(fromHex(hex))).toEqual(info);
  });

  test("of a later version are read as far as it takes to answer them", () => {
    const later = fromHex("0000000c0000000dffffffff");
    expect(decodeSubscriptionInfo(later)).toMatchObject({
      version: 12,
      latestSupportedVersion: 13,
      taskOffsetSums: [],
    });
  });

  test.each([
    ["0000000c fffffffb", "a later version by one who knows -5"],
    ["0000000c 0000000b", "a later version by one who does not know it"],
    ["00000003 00000002", "version 3 by one who knows 2"],
    ["00000000", "version 0"],
    ["fffffffb", "version -5"],
  ])("%s are none: %s", (hex) => {
    expect(() => decodeSubscriptionInfo(fromHex(hex.replace(" ", "")))).toThrow(
      /^subscription of version/,
    );
  });
});

describe("bytes of an assignment", () => {
  const own = rows.flatMap((row) =>
    row.assignment === undefined ? [] : [{ ...row, given: row.assignment }],
  );

  test.each(own)("$index are Kafka's in version $version", ({ given, version, hex }) => {
    const info = assignmentOf(given, version);
    expect(toHex(encodeAssignmentInfo(info))).toBe(hex);
    expect(decodeAssignmentInfo(fromHex(hex))).toEqual(info);
  });

  test.each([
    [-5, "what nobody knows"],
    [2, "less than what it is written in"],
    [12, "more than this member knows"],
  ])("are none where all are said to know %d: %s", (commonlySupportedVersion) => {
    const bytes = encodeAssignmentInfo({
      ...assignmentOf(vectorAssignment, 3),
      commonlySupportedVersion,
    });
    expect(() => decodeAssignmentInfo(bytes)).toThrow(
      `assignment of version 3 for members that all know ${commonlySupportedVersion}`,
    );
  });

  test("end in what Millrace tells besides, which Kafka does not read", () => {
    fc.assert(
      fc.property(fc.string(), (detail) => {
        const info = { ...assignmentOf(vectorAssignment, 11), detail };
        expect(decodeAssignmentInfo(encodeAssignmentInfo(info))).toEqual(info);
      }),
    );
  });
  const vectorAssignment = own[0].given;
});

test.each([
  ["a subscription", decodeSubscriptionInfo],
  ["an assignment", decodeAssignmentInfo],
] as const)("bytes that are no %s throw a RangeError and nothing else", (_, decode) => {
  const start = fc.constantFrom(...rows.map(({ hex }) => fromHex(hex)));
  const noise = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(start, fc.nat(200), noise, (bytes, kept, rest) => {
      try {
        decode(Uint8Array.of(...bytes.subarray(0, kept), ...rest));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
