import type { ProgressLine } from "./progress-line.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a command sees of the world around it. */
export interface Terminal {
  /** Lines of standard input; ends when the signal aborts, too. */
  readonly lines: () => AsyncIterable<string>;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Aborts at SIGINT and SIGTERM, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** Shows how far long work is, on a terminal; elsewhere it shows nothing. */
  readonly progress: ProgressLine;
  /** Undefined: the command runs without the package millrace. */
  readonly surroundings?: Surroundings;
}
