import { BaseError, messageOf, OptionError, shown } from "@millrace/model";
import { abortable, type Timers } from "@millrace/platform";
import { importModule, placeOfMistake } from "@millrace/platform/node";
import { ApplicationError, checkTopology, type Topology } from "@millrace/streams";

import type { StreamsOptions } from "../streams-options.ts";

/** Longest that a module may take to be loaded, and each of its functions: one that waits for itself would take for ever. */
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
  const { default: make, options } = await inTime(loaded, {
    work: () =>
      importModule(module).catch((error: unknown) => {
        throw error instanceof BaseError ? error : notLoaded(module, error);
      }),
    late: (notYet) =>
      `${module.href} has not been loaded ${notYet}: does it wait for the application whose program it is, as by await StreamsApp.run? Start the application from another module.`,
  });
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
  const called = (named: string, call: () => unknown): Promise<unknown> =>
    inTime(loaded, {
      work: async () => call(),
      late: (notYet) =>
        `${named} of ${module.href} has been called and has not settled ${notYet}: what it awaits does not come. Await there only what comes soon, and give the rest as data.`,
    });
  const topology = await called("its default function", () => make(data) as unknown);
  checkTopology(topology, `the default function of ${module.href}`);
  const own = await called("its function options", () => options?.(data) as unknown);
  return { topology, options: (own ?? {}) as Partial<StreamsOptions> }; // read by the table of options
}

function notLoaded({ href, pathname }: URL, cause: unknown): ApplicationError {
  const place = placeOfMistake(cause);
  const isAbsent = cause instanceof Error && "url" in cause && cause.url === href;
  if (isAbsent && pathname.endsWith(".ts")) {
    const compiled = pathname.slice(pathname.lastIndexOf("/") + 1).replace(/ts$/, "js");
    const message = `${href} is not there. A compiled program is in files of .js, and the compiler leaves addresses in texts as they are: give new URL("./${compiled}", import.meta.url) there`;
    return new ApplicationError("PROGRAM_NOT_LOADED", message, { cause });
  }
  const [reason] = messageOf(cause).split("\n");
  const message =
    place === undefined
      ? `${href}, or a module that it imports, could not be loaded: ${reason}`
      : `${href} could not be loaded: ${reason} (at ${place})`;
  return new ApplicationError("PROGRAM_NOT_LOADED", message, { cause });
}

interface TimedStep<T> {
  readonly work: () => Promise<T>;
  /** What is said where it takes too long. */
  readonly late: (notYet: string) => string;
}

async function inTime<T>(
  { timers, signal, timeoutMs = loadMsMax }: Omit<LoadedProgram, "module" | "data">,
  { work, late }: TimedStep<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const tooLong = Promise.withResolvers<never>();
  const timer = timers.after(timeoutMs, () =>
    tooLong.reject(new ApplicationError("PROGRAM_NOT_LOADED", late(`for ${timeoutMs} ms`))),
  );
  try {
    return await abortable(Promise.race([work(), tooLong.promise]), signal);
  } finally {
    timer.cancel();
  }
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
