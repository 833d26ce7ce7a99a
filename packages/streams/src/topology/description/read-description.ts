import { shown } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import type { TopologyDescription } from "./topology-description.ts";

type Check = (given: unknown) => boolean;

const text: Check = (given) => typeof given === "string";
const count: Check = (given) => typeof given === "number";
const flag: Check = (given) => typeof given === "boolean";
const orNull =
  (check: Check): Check =>
  (given) =>
    given === null || check(given);
const listOf =
  (check: Check): Check =>
  (given) =>
    Array.isArray(given) && given.every(check);
const recordOf =
  (check: Check): Check =>
  (given) =>
    isObject(given) && Object.values(given).every(check);
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (given) =>
    isObject(given) && Object.entries(fields).every(([name, check]) => check(given[name]));

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

const node = { name: text, parents: listOf(text) };
const serdes = { key: text, value: text };
const nodes: Readonly<Record<string, Check>> = {
  source: shape({
    ...node,
    ...serdes,
    topics: listOf(text),
    pattern: orNull(text),
    offsetReset: orNull(text),
  }),
  processor: shape({ ...node, stores: listOf(text) }),
  sink: shape({ ...node, ...serdes, topic: orNull(text), extractor: orNull(text) }),
};

const subtopology = shape({
  id: count,
  isGlobal: flag,
  nodes: listOf(
    (given) => isObject(given) && text(given.kind) && nodes[String(given.kind)]?.(given) === true,
  ),
  stores: listOf(
    shape({
      ...serdes,
      name: text,
      kind: text,
      layout: count,
      engine: text,
      caching: flag,
      changelog: orNull(shape({ topic: text, isSourceTopic: flag, configs: recordOf(text) })),
      settings: recordOf((given) => count(given) || flag(given) || text(given)),
    }),
  ),
  repartitionTopics: listOf(shape({ name: text, partitionCount: orNull(count) })),
  copartitioned: listOf(listOf(text)),
});

/**
 * The description itself, once it is known to be one: it may come from a file.
 *
 * @throws TopologyError `INVALID_DESCRIPTION`
 */
export function readDescription(given: unknown): TopologyDescription {
  const format = isObject(given) ? given.format : undefined;
  if (format !== 1)
    throw new TopologyError(
      "INVALID_DESCRIPTION",
      count(format)
        ? `the description of the topology has format ${String(format)}, this Millrace knows 1; write it again with this version`
        : `${shown(given)} is no description of a topology; give what topology.description() gives`,
    );
  if (!shape({ fingerprint: text })(given)) throw damaged("fingerprint is no text");
  const { subtopologies } = given as Readonly<Record<string, unknown>>;
  if (!Array.isArray(subtopologies)) throw damaged("subtopologies is no list");
  const wrong = subtopologies.findIndex((one) => !subtopology(one));
  if (wrong >= 0) throw damaged(`subtopologies[${wrong}] is none`);
  return given as TopologyDescription; // each field was looked at
}

function damaged(what: string): TopologyError {
  return new TopologyError(
    "INVALID_DESCRIPTION",
    `the description of the topology is damaged: ${what}; write it again`,
  );
}
