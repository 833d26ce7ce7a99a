import type { RowJoiner } from "../../../processor/joined-view.ts";
import type { JoinWindow } from "./join-window.ts";

export type StreamsJoinOperator = "join" | "leftJoin" | "outerJoin";

export const unmatchedTimes = ["onWindowClose", "atOnce"] as const;

/**
 * When a record that has met nobody gives its result with null. `onWindowClose`: once nobody can come any more. `atOnce`:
 * when it comes, so that those whom it meets later give a second result (Kafka: the deprecated `JoinWindows.of`).
 */
export type UnmatchedTime = (typeof unmatchedTimes)[number];

export type JoinSide = "left" | "right";

/** What the processors of a join of two streams know of it. One object for all of them, and for all tasks. */
export interface StreamsJoin {
  readonly operator: StreamsJoinOperator;
  readonly joiner: RowJoiner;
  readonly window: JoinWindow;
  /** Of each side: where its records wait for those of the other. */
  readonly stores: Readonly<Record<JoinSide, string>>;
  /** Where records wait that have met nobody yet; undefined: they give no result, or give it at once. */
  readonly unmatched: string | undefined;
}

/** Times that a record of one side may have to meet one of the other. */
export interface Reach {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** What a record of one side can meet of the other: the right looks the other way. */
export function reachOf(side: JoinSide, { beforeMs, afterMs }: JoinWindow): Reach {
  return side === "left" ? { beforeMs, afterMs } : { beforeMs: afterMs, afterMs: beforeMs };
}
