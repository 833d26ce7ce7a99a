import type { FlagSet } from "./flags/flag.ts";
import type { GivenParameters } from "./flags/read-flags.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What one does with `millrace`: one or two words, flags, perhaps names. */
export interface Command<Flags extends FlagSet = FlagSet> {
  /** Such as `topics create`. */
  readonly path: string;
  /** For the list of commands. */
  readonly summary: string;
  /** What stands for the words that are no flags, such as `NAME…`; undefined: there are none. */
  readonly names?: string;
  readonly flags: Flags;
  /** More for `--help`, below the flags. */
  readonly notes?: string;
  /** Ends when its work is done, or the terminal's signal aborts. */
  run(given: GivenParameters<Flags>, terminal: Terminal): Promise<void>;
}

/** The same; it lets the types of the flags be inferred. */
export function command<const Flags extends FlagSet>(given: Command<Flags>): Command {
  return given;
}
