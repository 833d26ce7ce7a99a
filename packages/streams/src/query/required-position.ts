import { QueryError } from "../error/query-error.ts";
import { missingOf, type Position } from "./position.ts";
import type { QueryableStore } from "./queryable-stores.ts";

interface RequiredPosition {
  readonly store: string;
  readonly partition: number;
  readonly positionAtLeast: Position;
}

/**
 * @param from undefined: somebody else's
 * @throws QueryError `NOT_UP_TO_BOUND`: an answer of this position has not seen what was asked for
 */
export function requirePosition(
  { subtopology }: QueryableStore,
  { store, partition, positionAtLeast }: RequiredPosition,
  position: Position,
  from?: { locate?(topics: readonly string[]): void },
): void {
  const asked = subtopology === undefined ? undefined : partition;
  const missing = missingOf(position, positionAtLeast, asked);
  if (missing === undefined) return;
  from?.locate?.(Object.keys(positionAtLeast));
  throw new QueryError("NOT_UP_TO_BOUND", `store ${store} has not come as far: ${missing}`);
}
