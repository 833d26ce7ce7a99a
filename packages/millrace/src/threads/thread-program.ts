import { OptionError, shown } from "@millrace/model";
import { importModule } from "@millrace/platform/node";
import { checkTopology, type Topology } from "@millrace/streams";

import type { StreamsOptions } from "../streams-options.ts";

/** What the module of a threaded application gives: its program, and what of the options cannot cross threads. */
export interface ThreadProgram {
  readonly topology: Topology;
  readonly options: Partial<StreamsOptions>;
}

/** Loads the program of a module; called in each thread, so that each has functions of its own. */
export async function loadProgram(module: URL, data: unknown): Promise<ThreadProgram> {
  const exported = await importModule(module);
  const { default: make, options } = exported;
  if (typeof make !== "function")
    throw new OptionError(
      "INVALID_OPTION",
      `${module.href} has ${shown(make)} as its default export; export default a function, (data) => Topology`,
    );
  if (options !== undefined && typeof options !== "function")
    throw new OptionError(
      "INVALID_OPTION",
      `${module.href} exports options as ${shown(options)}; export a function, (data) => options`,
    );
  const topology: unknown = await make(data);
  checkTopology(topology);
  const own: unknown = await options?.(data);
  return { topology, options: (own ?? {}) as Partial<StreamsOptions> }; // read by the table of options
}
