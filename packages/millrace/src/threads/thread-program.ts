import { OptionError, shown } from "@millrace/model";
import type { Timers } from "@millrace/platform";
import { importModule } from "@millrace/platform/node";
import { ApplicationError, checkTopology, type Topology } from "@millrace/streams";

import type { StreamsOptions } from "../streams-options.ts";

/** Longest that a module may take to be loaded: one that waits for itself would take for ever. */
const loadMsMax = 20_000;

/** What the module of a threaded application gives: its program, and what of the options cannot cross threads. */
export interface ThreadProgram {
  readonly topology: Topology;
  readonly options: Partial<StreamsOptions>;
}

export interface LoadedProgram {
  readonly module: URL;
  /** For its functions. */
  readonly data: unknown;
  readonly timers: Pick<Timers, "after">;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Loads the program of a module; called in each thread, so that each has functions of its own.
 *
 * @throws OptionError: it exports something else; ApplicationError `PROGRAM_NOT_LOADED`; the signal's reason
 */
export async function loadProgram({ data, ...loaded }: LoadedProgram): Promise<ThreadProgram> {
  const { module } = loaded;
  const { default: make, options } = await importInTime(loaded);
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

async function importInTime({
  module,
  timers,
  signal,
  timeoutMs = loadMsMax,
}: Omit<LoadedProgram, "data">): Promise<Readonly<Record<string, unknown>>> {
  const tooLong = Promise.withResolvers<never>();
  const timer = timers.after(timeoutMs, () => tooLong.reject(notLoaded(module, timeoutMs)));
  const aborted = (): void => tooLong.reject(signal?.reason);
  if (signal?.aborted === true) aborted();
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    return await Promise.race([importModule(module), tooLong.promise]);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", aborted);
  }
}

function notLoaded({ href }: URL, timeoutMs: number): ApplicationError {
  return new ApplicationError(
    "PROGRAM_NOT_LOADED",
    `${href} has not been loaded for ${timeoutMs} ms: does it wait for the application whose program it is, as by await StreamsApp.run? Start the application from another module.`,
  );
}

/** In a thread of an application, the module of its program. */
let ownProgram: string | undefined;

export function markOwnProgram(module: URL): void {
  ownProgram = module.href;
}

/**
 * A program that starts itself as it is loaded would do so in each of its threads.
 *
 * @throws ApplicationError `PROGRAM_STARTS_ITSELF`
 */
export function refuseOwnProgram(module: URL): void {
  if (module.href !== ownProgram) return;
  throw new ApplicationError(
    "PROGRAM_STARTS_ITSELF",
    `${module.href} is the program of this thread, and starts the application as it is loaded; start it from another module`,
  );
}
