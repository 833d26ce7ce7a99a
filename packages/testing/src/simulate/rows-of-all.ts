import type { PartitionResult, Position, StreamsApp } from "@millrace/streams";

/** The instances of a run, and its time. */
export interface LivingInstances {
  /** Those that run now. */
  readonly apps: () => readonly StreamsApp[];
  readonly now: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
}

type Answer<Row> = Extract<PartitionResult<Row>, { readonly isFailure: false }>;

/** Longer than it takes until the tasks of a dead instance are somewhere else. */
const waitMsMax = 8_000;
const pauseMs = 25;
/** An instance that is killed while it is asked never answers. */
const answerMsMax = 500;

/**
 * Rows of all partitions of a store. An instance that was cut off may think for a while that it still has one: of two
 * answers the one that has come further counts.
 */
export async function rowsOfAll<Row>(
  { apps, now, sleep }: LivingInstances,
  ask: (app: StreamsApp) => Promise<readonly PartitionResult<Row>[]>,
): Promise<readonly Row[]> {
  const endMs = now() + waitMsMax;
  for (;;) {
    const answers = new Map<number, Answer<Row>>();
    const failures = new Map<number, Error>();
    for (const app of apps())
      for (const answer of await Promise.race([ask(app), noAnswer(sleep)])) {
        const { partition } = answer;
        if (answer.isFailure) failures.set(partition, answer.error);
        else if (isFurther(answer, answers.get(partition))) answers.set(partition, answer);
      }
    const missing = [...failures.keys()].filter((partition) => !answers.has(partition));
    if (answers.size > 0 && missing.length === 0) {
      const ordered = [...answers.values()].toSorted(
        (one, other) => one.partition - other.partition,
      );
      return ordered.flatMap(({ rows }) => rows);
    }
    if (now() >= endMs)
      throw failures.get(missing[0]) ?? new Error("no instance of the application runs");
    await sleep(pauseMs);
  }
}

async function noAnswer(sleep: LivingInstances["sleep"]): Promise<readonly []> {
  await sleep(answerMsMax);
  return [];
}

function isFurther<Row>(answer: Answer<Row>, known: Answer<Row> | undefined): boolean {
  return known === undefined || lengthOf(answer.position) > lengthOf(known.position);
}

function lengthOf(position: Position): number {
  const offsets = Object.values(position).flatMap((partitions) => Object.values(partitions));
  return offsets.reduce((sum, offset) => sum + offset, 0);
}
