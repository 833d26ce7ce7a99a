import type { Headers } from "@millrace/model";

/** How an application tells of its work in traces; `@millrace/opentelemetry` makes one. See `GuardedTracing` for what throws. */
export interface Tracing {
  openLoop(place: TracedLoop): LoopTracing;
}

export interface TracedLoop {
  readonly applicationId: string;
  readonly threadId: string;
}

/** What a stream loop tells: of the work that it does in one go, one after the other. */
export interface LoopTracing {
  begin(work: TracedWork): void;
  /** Does the work, or a part of it, so that what callbacks trace belongs to it. */
  within<Result>(work: () => Result): Result;
  /** @param failure what the work threw */
  end(failure?: { readonly error: unknown }): void;
  /** A record of an input is processed. It holds during the call. */
  taken(record: TracedRecord): void;
  /** What a record has as headers that is written to a topic, for what those bring that caused it. */
  sent(topic: string, headers: Headers): Headers;
}

export type TracedWork = "process" | "punctuate" | "commit";

export interface TracedRecord {
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly headers: Headers;
}

/** Work that is done at once, traced where somebody traces. */
export function traced<Result>(
  tracing: LoopTracing | undefined,
  work: TracedWork,
  run: () => Result,
): Result {
  if (tracing === undefined) return run();
  tracing.begin(work);
  let failure: { readonly error: unknown } | undefined;
  try {
    return tracing.within(run);
  } catch (error) {
    failure = { error };
    throw error;
  } finally {
    tracing.end(failure);
  }
}
