import { Topology } from "@millrace/streams";

import type { RunSettings } from "./run-settings.ts";
import type { ResolvedSimulation } from "./simulate-options.ts";
import type { SimulatedApp } from "./simulated-app.ts";
import { SimulationError } from "./simulation-error.ts";
import { applicationId } from "./world/simulation-context.ts";

/**
 * What all runs have in common: the application is asked for its topology once, to learn of its topics.
 *
 * @throws SimulationError `INVALID_ARGUMENT`
 */
export function settingsOf(app: SimulatedApp, resolved: ResolvedSimulation): RunSettings {
  const build = typeof app === "function" ? app : () => app;
  // Asked for its topics alone: it does nothing yet.
  const topology: unknown = build(resolved.worldOfNobody);
  if (!(topology instanceof Topology))
    throw new SimulationError(
      "INVALID_ARGUMENT",
      "simulate takes a topology, or a function that gives one; builder.build() gives one",
    );
  const parts = topology.subtopologies(applicationId);
  const sources = new Set(parts.flatMap(({ sourceTopics }) => sourceTopics));
  const internal = new Set(parts.flatMap((part) => part.repartitionTopics.map(({ name }) => name)));
  const inputs = new Set(resolved.inputs.map(({ topic }) => topic));
  const { deadLetterTopic } = resolved.options;
  const names = [
    ...inputs,
    ...sources,
    ...parts.flatMap(({ sinkTopics }) => sinkTopics),
    ...topology.globalStores.flatMap(({ source }) => source.topics),
    ...(deadLetterTopic === undefined ? [] : [deadLetterTopic]),
  ].filter((name) => !internal.has(name));
  const topics = new Map(names.map((name) => [name, resolved.partitions]));
  for (const [name, count] of Object.entries(resolved.topics)) topics.set(name, count);
  return {
    build,
    options: resolved.options,
    instances: Array.from({ length: resolved.instances }, (_, index) => `app-${index + 1}`),
    settleMs: resolved.settleMs,
    topics,
    watched: [...new Set([...topics.keys(), ...internal])],
    outputs: new Set([...topics.keys()].filter((name) => !inputs.has(name))),
    sources,
    invariants: resolved.invariants,
    always: resolved.always,
    signal: resolved.signal,
  };
}
