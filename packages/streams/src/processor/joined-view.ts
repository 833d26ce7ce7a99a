import type { Timestamp } from "@millrace/model";

import type { TableView, ValueGetter } from "./value-getter.ts";

/** Which sides of a join of two tables may be missing. */
export type TableJoinKind = "inner" | "left" | "outer";

/** What a join makes of two rows, of which one may be missing. */
export type RowJoiner = (left: unknown, right: unknown, key: unknown) => unknown;

/** The join of two tables, computed when it is asked. */
export function joinedView(
  kind: TableJoinKind,
  joiner: RowJoiner,
  { left, right }: { readonly left: TableView; readonly right: TableView },
): TableView {
  return {
    storeNames: [...new Set([...left.storeNames, ...right.storeNames])],
    open: (context) => new JoinedGetter(kind, joiner, [left.open(context), right.open(context)]),
  };
}

class JoinedGetter implements ValueGetter {
  readonly #kind: TableJoinKind;
  readonly #joiner: RowJoiner;
  readonly #left: ValueGetter;
  readonly #right: ValueGetter;
  #timestamp: Timestamp = -1;

  constructor(
    kind: TableJoinKind,
    joiner: RowJoiner,
    [left, right]: readonly [ValueGetter, ValueGetter],
  ) {
    this.#kind = kind;
    this.#joiner = joiner;
    this.#left = left;
    this.#right = right;
  }

  get timestamp(): Timestamp {
    return this.#timestamp;
  }

  get(key: unknown): unknown {
    const left = this.#left.get(key);
    const right = this.#right.get(key);
    const isMissing =
      this.#kind === "outer"
        ? left === null && right === null
        : left === null || (right === null && this.#kind === "inner");
    this.#timestamp = isMissing ? -1 : Math.max(this.#left.timestamp, this.#right.timestamp);
    return isMissing ? null : this.#joiner(left, right, key);
  }
}
