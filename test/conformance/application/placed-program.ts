import { partitionForKey } from "@millrace/model";
import type { Topology } from "@millrace/streams";

import { ProgramPlan } from "../plan-program.ts";
import { asList, asText, type JsonObject, type Program } from "../program.ts";
import type { Types } from "../handles.ts";
import { bytesOf } from "../values.ts";

/** All topics of users have so many partitions. */
export const partitionCount = 4;

/** A program that shares a cluster with others: its application id and its topics are its own. */
export interface PlacedProgram {
  readonly program: Program;
  readonly applicationId: string;
  /** What must be there before the application starts. */
  readonly userTopics: readonly string[];
  /** What its global stores read: it has no order with what tasks read, so that it is there before they start. */
  readonly globalTopics: ReadonlySet<string>;
  /** What the application reads in tasks, so that offsets are committed for it. */
  readonly readTopics: readonly string[];
  /** Sinks and changelogs: their newest values by key are the tables. By the names that they have in tables. */
  readonly tableTopics: ReadonlyMap<string, string>;
  /** Of those, changelogs of buffers: a record there has no time of its own, and names the topic that it came from. */
  readonly bufferTopics: ReadonlySet<string>;
  readonly typesOf: (topic: string) => Types;
  /** The number of the sub-topology that reads a topic; -1: none. */
  readonly partOf: (topic: string) => number;
  /** The name of a topic of the program as it is written. */
  readonly placed: (topic: string) => string;
}

export function placeProgram(
  original: Program,
  applicationId: string,
  config: JsonObject = {},
): PlacedProgram {
  const placed = (topic: string): string => `${applicationId}.${topic}`;
  const program: Program = {
    ...original,
    config: { ...original.config, ...config, app: applicationId },
    program: original.program.map((statement) => placeStatement(statement, placed)),
  };
  const { topology, topicTypes } = new ProgramPlan().build(program);
  const parts = topology.subtopologies(applicationId);
  const changelogs = parts.flatMap(({ changelogTopics }) => changelogTopics.filter(isTable));
  const repartitions = parts.flatMap(({ repartitionTopics }) => repartitionTopics.map(nameOf));
  const isOfUser = (topic: string): boolean => !repartitions.includes(topic);
  const sources = parts.flatMap(({ sourceTopics }) => sourceTopics);
  const globals = topology.globalStores.map(({ topic }) => topic);
  const sinks = parts.flatMap(({ sinkTopics }) => sinkTopics).filter(isOfUser);
  return {
    program,
    applicationId,
    userTopics: [...new Set([...globals, ...sources.filter(isOfUser), ...sinks])],
    globalTopics: new Set(globals),
    readTopics: [...new Set(sources)],
    tableTopics: new Map(
      [...new Set([...sinks, ...changelogs.map(nameOf)])].map((topic) => [
        // Stores may have the name of a topic in theirs.
        topic.slice(applicationId.length + 1).replace(`${applicationId}.`, ""),
        topic,
      ]),
    ),
    bufferTopics: new Set(parts.flatMap(bufferChangelogs)),
    partOf: (topic) => parts.findIndex(({ sourceTopics: read }) => read.includes(topic)),
    typesOf: (topic) => topicTypes.get(placed(topic)) ?? { key: "string", value: "string" },
    placed,
  };
}

/** A changelog that is never compacted has rows, which Kafka numbers from 0 again after a restart. */
function isTable({ configs }: { readonly configs: Readonly<Record<string, string>> }): boolean {
  return configs["cleanup.policy"] !== "delete";
}

type Subtopology = ReturnType<Topology["subtopologies"]>[number];

function bufferChangelogs({ stores, changelogTopics }: Subtopology): readonly string[] {
  const buffers = stores.filter(({ kind }) => kind.name === "suppression").map(nameOf);
  return changelogTopics.filter(({ store }) => buffers.includes(store)).map(nameOf);
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function placeStatement(st: JsonObject, placed: (topic: string) => string): JsonObject {
  return {
    ...st,
    ...(st["topic"] === undefined ? {} : { topic: placed(asText(st["topic"])) }),
    ...(st["topics"] === undefined
      ? {}
      : { topics: asList(st["topics"]).map((topic) => placed(asText(topic))) }),
  };
}

/** A program's records: what is there before it starts, what comes before and after the restart, and what comes last. */
export interface Input {
  readonly before: readonly JsonObject[];
  readonly halves: readonly [readonly JsonObject[], readonly JsonObject[]];
  /** Of programs that look by the wall clock: the last record of each task, which comes once they look again. */
  readonly last: readonly JsonObject[];
}

export function inputOf(placedProgram: PlacedProgram): Input {
  const { program, globalTopics, placed } = placedProgram;
  const records = program.steps.filter(isRecord);
  const isBefore = (step: JsonObject) => globalTopics.has(placed(asText(step["pipe"])));
  const rest = records.filter((step) => !isBefore(step));
  const tasks = rest.map((step) => taskOf(step, placedProgram));
  const isLast = (_: JsonObject, at: number) => tasks.lastIndexOf(tasks[at]) === at;
  const last = looksByWallClock(program) ? rest.filter(isLast) : [];
  const halved = rest.filter((step) => !last.includes(step));
  const middle = Math.ceil(halved.length / 2);
  return {
    before: records.filter(isBefore),
    halves: [halved.slice(0, middle), halved.slice(middle)],
    last,
  };
}

/** Whether it looks for windows that have closed, or for records that found no match: an application does once in a second. */
export function looksByWallClock({ program }: Program): boolean {
  return program.some(({ op, emit, window }) => {
    const waits = op === "leftJoin" || op === "outerJoin";
    return emit === "close" || (waits && window !== undefined);
  });
}

/** Which task takes a record. */
function taskOf(step: JsonObject, placedProgram: PlacedProgram): string {
  const { partOf, placed } = placedProgram;
  return `${partOf(placed(asText(step["pipe"])))}_${partitionOf(step, placedProgram)}`;
}

/** Where a record of a program goes. */
export function partitionOf(step: JsonObject, { typesOf }: PlacedProgram): number {
  const key = bytesOf(step["key"], typesOf(asText(step["pipe"])).key);
  return key === null ? 0 : partitionForKey(key, partitionCount);
}

export function isRecord(step: JsonObject): boolean {
  return step["pipe"] !== undefined;
}
