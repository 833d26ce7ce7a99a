import type { MessageDeclaration } from "../schema/proto-file.ts";
import type { ComparedPlace, DifferenceLog } from "./difference-log.ts";

/** What the writer has, and what the reader. */
export interface Sides<T> {
  readonly writer: T;
  readonly reader: T;
}

/** One comparison of two schemas. */
export interface Comparison {
  readonly log: DifferenceLog;
  /** The writer's messages that are being compared. */
  readonly underWay: Set<MessageDeclaration>;
  /** Pairs, writer's first, that fields have named already; true: something of it hinders. Each is told once. */
  readonly named: Map<MessageDeclaration, Map<MessageDeclaration, boolean>>;
  compareMessages(
    comparison: Comparison,
    sides: Sides<MessageDeclaration>,
    place: ComparedPlace,
  ): void;
}

export type Either<T> =
  | Sides<T>
  | { readonly writer: T; readonly reader: undefined }
  | { readonly writer: undefined; readonly reader: T };

/** Joined by what `keyOf` says; of several with one key the last counts. */
export function bothBy<T, K>(
  { writer, reader }: Sides<readonly T[]>,
  keyOf: (item: T) => K,
): ReadonlyMap<K, Either<T>> {
  const joined = new Map<K, Either<T>>();
  for (const item of writer) joined.set(keyOf(item), { writer: item, reader: undefined });
  for (const item of reader) {
    const before = joined.get(keyOf(item))?.writer;
    joined.set(keyOf(item), { writer: before, reader: item } as Either<T>);
  }
  return joined;
}
