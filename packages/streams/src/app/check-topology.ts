import { OptionError, shown } from "@millrace/model";

import { ApplicationError } from "../error/application-error.ts";
import { Topology } from "../topology/topology.ts";

/**
 * Refuses what no application can run, before anything is started for it.
 *
 * @param giver what gave it; undefined: who starts the application
 * @throws OptionError where it is no topology
 * @throws ApplicationError `EMPTY_TOPOLOGY`
 */
export function checkTopology(given: unknown, giver?: string): asserts given is Topology {
  if (!(given instanceof Topology))
    throw new OptionError(
      "INVALID_OPTION",
      giver === undefined
        ? noTopology(given)
        : `${giver} gave ${shown(given)}; have it give a topology, as builder.build() does`,
    );
  if (!given.nodes.some((node) => node.kind === "source"))
    throw new ApplicationError(
      "EMPTY_TOPOLOGY",
      "the topology reads nothing: add a stream or a table to the builder before build is called",
    );
}

function noTopology(given: unknown): string {
  const was = `StreamsApp.start takes a topology; it was given ${shown(given)}`;
  return typeof given === "string"
    ? `${was}. A module that makes one is given by its address: new URL(${JSON.stringify(given)}, import.meta.url)`
    : `${was}. builder.build() gives one`;
}
