import { OptionError } from "@millrace/model";

import { isClusterClient } from "../cluster-address.ts";
import type { StreamsOptions } from "../streams-options.ts";

/**
 * The options of an application whose program is a module: those that it was started with, and those that the module
 * exports. One that both give is refused, so that nobody has to know which of them wins, but for two that are of the thread
 * that has them:
 * - `logger`: the caller's is the application's, the module's that of each thread;
 * - `cluster`: a client stays in its thread, and so the module makes one for each.
 *
 * @throws OptionError `INVALID_OPTION`
 */
export function programOptions(
  module: URL,
  given: StreamsOptions,
  own: Partial<StreamsOptions>,
): StreamsOptions {
  const ownOnes = givenOf(own);
  const isClient = isClusterClient(given.cluster);
  for (const [name] of givenOf(given)) {
    if (!ownOnes.has(name) || name === "logger" || (name === "cluster" && isClient)) continue;
    throw new OptionError(
      "INVALID_OPTION",
      `${name} is given to StreamsApp.start and by the options of ${module.href}; give it in one of the two places`,
    );
  }
  if (isClient && !ownOnes.has("cluster"))
    throw new OptionError(
      "INVALID_OPTION",
      `cluster is a client, which cannot be sent to threads; give its address ("host:port", or testCluster({ port: 0 }).bootstrapServers), or have the module make a client for each: export const options = (data) => ({ cluster: … })`,
    );
  return { ...own, ...Object.fromEntries(givenOf(given)) } as StreamsOptions; // what is undefined is not given
}

function givenOf(options: Partial<StreamsOptions>): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(options).filter(([, value]) => value !== undefined));
}
