import { BaseError } from "@millrace/model";
import type { SerdeSource } from "./serde.ts";

/** What was waited for, and for how long. */
export interface AwaitedSerde {
  /** Such as `schema 7 of http://localhost:8081`. */
  readonly what: string;
  readonly source: SerdeSource | undefined;
  readonly waitedMs: number;
}

/**
 * What a serde must fetch, such as a schema, did not come within `serdeTimeout`. No record is at fault: none is left out
 * for it, and what is tried again later may succeed.
 */
export class SerdeTimeoutError extends BaseError<"SERDE_TIMED_OUT"> {
  constructor(awaited: AwaitedSerde) {
    const { what, source, waitedMs } = awaited;
    super(
      "SERDE_TIMED_OUT",
      `${what} did not come within ${Math.round(waitedMs)} ms (serdeTimeout)${whyOf(source)}. ` +
        "Try again once it is there, or raise serdeTimeout.",
      { cause: source?.failure, retriable: true },
    );
  }
}

/** Why a source gives nothing, as the end of a sentence. */
export function whyOf(source: SerdeSource | undefined): string {
  if (source === undefined) return "";
  const { name, failure } = source;
  return failure === undefined ? `; ${name} has not answered yet` : `: ${failure.message}`;
}
