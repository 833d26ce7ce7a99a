import { OptionError, shown } from "@millrace/model";

import { ApplicationError } from "../error/application-error.ts";
import { Topology } from "../topology/topology.ts";

/**
 * Refuses what no application can run, before anything is started for it.
 *
 * @throws OptionError where it is no topology
 * @throws ApplicationError `EMPTY_TOPOLOGY`
 */
export function checkTopology(given: unknown): asserts given is Topology {
  if (!(given instanceof Topology))
    throw new OptionError(
      "INVALID_OPTION",
      `StreamsApp.start takes a topology; it was given ${shown(given)}. builder.build() gives one`,
    );
  if (!given.nodes.some((node) => node.kind === "source"))
    throw new ApplicationError(
      "EMPTY_TOPOLOGY",
      "the topology reads nothing: add a stream or a table to the builder before build is called",
    );
}
