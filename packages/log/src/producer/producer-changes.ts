import type { Offset } from "@millrace/model";
import type { ProducerEntry } from "./producer-entry.ts";

export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: Offset;
  /** Offset of the marker. */
  readonly lastOffset: Offset;
  readonly isAborted: boolean;
}

/** What an append changes in the state of producers, once its bytes are written. */
export interface ProducerChanges {
  readonly entries: ReadonlyMap<number, ProducerEntry>;
  readonly started: readonly { readonly producerId: number; readonly firstOffset: Offset }[];
  readonly completed: readonly CompletedTransaction[];
  /** Producers whose verification is used up. */
  readonly verified: readonly number[];
}
