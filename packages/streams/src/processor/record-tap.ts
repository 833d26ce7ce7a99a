import type { RecordContext } from "@millrace/state";

import type { StreamRecord } from "./stream-record.ts";

/**
 * Listens to what flows at a place of a running application, for `StreamsApp.tap`. All of it is called between two
 * records of the application, so it keeps what it is given, and does the work later.
 */
export interface RecordTap {
  /**
   * A record is passed on there. Take key, value and copies of what else is needed: the record and its context hold during
   * the call. Must not throw.
   */
  take(record: StreamRecord, context: RecordContext): void;
  /** What was taken so far is committed, or there was nothing to commit. */
  committed(): void;
  /** What was taken since the last commit is undone, and comes again. */
  discarded(): void;
  /** False: the application takes no further records. Call `roomMade` once it is true again. */
  readonly hasRoom: boolean;
  /** True: a commit gives room. */
  readonly awaitsCommit: boolean;
  /** The application has ended, with this error perhaps: nothing more is called. */
  ended(failure: { readonly error: unknown } | undefined): void;
}

/** Who listens at the nodes of an application. */
export interface NodeTaps {
  /** The same list for each task; it changes as listeners come and go. */
  of(nodeName: string): readonly RecordTap[];
}

const none: readonly RecordTap[] = Object.freeze([]);

/** Nobody does. */
export const noTaps: NodeTaps = Object.freeze({ of: () => none });
