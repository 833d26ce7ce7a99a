/** One word after `millrace`. */
export interface Command {
  readonly name: string;
  /** For the list of commands. */
  readonly summary: string;
  /** For `millrace NAME --help`. */
  readonly usage: string;
  /** Ends when its work is done, or the signal aborts. */
  run(parameters: readonly string[], terminal: Terminal): Promise<void>;
}

/** What a command sees of the world around it. */
export interface Terminal {
  /** Lines of standard input. */
  readonly lines: () => AsyncIterable<string>;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}
