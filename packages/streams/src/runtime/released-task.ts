import type { Offset } from "@millrace/model";

/** A task whose stores are closed now. */
export interface ReleasedTask {
  /** Such as `0_3`. */
  readonly task: string;
  /** How far its stores had come, added up. */
  readonly offsetSum: Offset;
  /** By the wall clock: they held all that was committed then. Undefined: it was a copy of another's, or restoring. */
  readonly currentMs: number | undefined;
}
