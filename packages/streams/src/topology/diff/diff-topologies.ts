import { readDescription } from "../description/read-description.ts";
import type { TopologyDescription } from "../description/topology-description.ts";
import type { Topology } from "../topology.ts";
import { operatorChanges } from "./operator-changes.ts";
import { isGenerated, Numbering, Origins, type Origin, type PlacedStore } from "./origins.ts";
import { pairUp } from "./pair-up.ts";
import { repartitionChanges } from "./repartition-changes.ts";
import { storeChanges } from "./store-changes.ts";
import { subtopologyChanges } from "./subtopology-changes.ts";
import {
  bySeverity,
  worstOf,
  type ChangeSeverity,
  type TopologyChange,
} from "./topology-change.ts";
import { topicChanges } from "./topic-changes.ts";

/** What the step from one version of a program to another means for an application that runs. */
export interface TopologyDiff {
  /** The worst of the changes; `survives` where there is none. */
  readonly severity: ChangeSeverity;
  /** True: all that the application has kept is there for the new version, if need be from changelogs. */
  readonly stateSurvives: boolean;
  /** False: instances of the new version are refused while old ones run (`TOPOLOGY_MISMATCH`). */
  readonly canRunTogether: boolean;
  /** Worst first. */
  readonly changes: readonly TopologyChange[];
}

/**
 * Compares two versions of a program: what changes, whether the state of an application that runs survives it, and what
 * to do where it does not. Stores and internal topics are found again by where they stand in the program, since generated
 * names shift with every operator before them.
 *
 * Serdes are compared by name: another schema of the same `json` is not seen. Numbers of partitions are those
 * that the program says itself.
 *
 * @throws TopologyError `INVALID_DESCRIPTION`
 * @example
 * const { stateSurvives, changes } = diffTopologies(JSON.parse(old), builder.build());
 */
export function diffTopologies(
  old: Topology | TopologyDescription,
  now: Topology | TopologyDescription,
): TopologyDiff {
  const [before, after] = [descriptionOf(old), descriptionOf(now)];
  const numbering = new Numbering();
  const [from, to] = [new Origins(before, numbering), new Origins(after, numbering)];
  const stores = pairUp(from.stores, to.stores, [named, byPath, byInput, ({ name }) => name]);
  const topics = pairUp(from.topics, to.topics, [named, byPath, byTopics, ({ name }) => name]);
  const changes = [
    ...storeChanges(stores, to.stores),
    ...repartitionChanges(topics, to.topics),
    ...subtopologyChanges(before, after, stores.pairs),
    ...topicChanges(before, after),
    ...operatorChanges(before, after),
  ].toSorted(bySeverity);
  const severity = worstOf(changes.map((change) => change.severity));
  return {
    severity,
    stateSurvives: severity === "survives" || severity === "rebuilt",
    canRunTogether: before.fingerprint === after.fingerprint,
    changes,
  };
}

function descriptionOf(given: Topology | TopologyDescription): TopologyDescription {
  const describes = typeof given === "object" && given !== null && "description" in given;
  return readDescription(describes ? given.description() : given);
}

interface Placed {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly origin: Origin;
}

function named({ name }: Placed): string | undefined {
  return isGenerated(name) ? undefined : name;
}

function byPath({ key, value, origin }: Placed): string {
  return `${key} ${value} ${origin.path}`;
}

function byTopics({ key, value, origin }: Placed): string {
  return `${key} ${value} ${origin.topics.join(" ")}`;
}

function byInput(store: PlacedStore): string {
  return `${store.kind} ${byTopics(store)}`;
}
