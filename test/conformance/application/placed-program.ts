import { ProgramPlan } from "../plan-program.ts";
import { asList, asObject, asText, type JsonObject, type Program } from "../program.ts";
import type { Types } from "../handles.ts";

/** All topics of users have so many partitions. */
export const partitionCount = 4;

/** A program that shares a cluster with others: its application id and its topics are its own. */
export interface PlacedProgram {
  readonly program: Program;
  readonly applicationId: string;
  /** What must be there before the application starts. */
  readonly userTopics: readonly string[];
  /** What the application reads in tasks, so that offsets are committed for it. */
  readonly readTopics: readonly string[];
  /** Sinks and changelogs: their newest values by key are the tables. By the names that they have in tables. */
  readonly tableTopics: ReadonlyMap<string, string>;
  readonly typesOf: (topic: string) => Types;
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
  const changelogs = parts.flatMap(({ changelogTopics }) => changelogTopics.map(nameOf));
  const repartitions = parts.flatMap(({ repartitionTopics }) => repartitionTopics.map(nameOf));
  const isOfUser = (topic: string): boolean => !repartitions.includes(topic);
  const sources = parts.flatMap(({ sourceTopics }) => sourceTopics);
  const sinks = parts.flatMap(({ sinkTopics }) => sinkTopics).filter(isOfUser);
  return {
    program,
    applicationId,
    userTopics: [...new Set([...sources.filter(isOfUser), ...sinks])],
    readTopics: [...new Set(sources)],
    tableTopics: new Map(
      [...new Set([...sinks, ...changelogs])].map((topic) => [
        topic.slice(applicationId.length + 1),
        topic,
      ]),
    ),
    typesOf: (topic) => topicTypes.get(placed(topic)) ?? { key: "string", value: "string" },
    placed,
  };
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

/** The records that a program's steps pipe. */
export function inputOf({ steps }: Program): readonly JsonObject[] {
  return steps.filter((step) => asObject(step)["pipe"] !== undefined);
}
