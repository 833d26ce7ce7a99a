/** What writers were told of a piece of work: a transaction, or what was flushed at once. */
export interface Attempt {
  readonly kind: "plain" | "idempotent" | "transactional";
  /** Order holds among the attempts of one writer. */
  readonly writer: number;
  readonly lines: Line[];
  /** Of a transaction: what it commits for the group. */
  readonly groupOffset: number | undefined;
  /** `unknown`: of a transaction all or nothing, of others each line at most once. */
  outcome: "acked" | "aborted" | "unknown";
}

export interface Line {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
}

export interface SeenLine {
  readonly id: string;
  readonly timestamp: number;
}

/** The memory of the test itself, which nothing touches that happens to the broker. */
export class Ledger {
  readonly attempts: Attempt[] = [];
  readonly violations: string[] = [];
  /** By partition, then by offset; of all audits. */
  readonly seen = new Map<string, Map<number, SeenLine>>();
  /** By partition. */
  readonly starts = new Map<string, number>();
  #writerCount = 0;

  nextWriter(): number {
    return ++this.#writerCount;
  }

  begin(kind: Attempt["kind"], writer: number): Attempt {
    const attempt: Attempt = {
      kind,
      writer,
      lines: [],
      groupOffset: kind === "transactional" ? this.attempts.length + 1 : undefined,
      outcome: kind === "transactional" ? "aborted" : "unknown",
    };
    this.attempts.push(attempt);
    return attempt;
  }

  count(outcome: Attempt["outcome"]): number {
    return this.attempts.filter((attempt) => attempt.outcome === outcome).length;
  }
}
