import { afterPrefix } from "../bytes/key-range.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import { ScratchBytes } from "../bytes/scratch-bytes.ts";
import type { EngineBytes } from "../contract/bytes-store.ts";
import type { CacheBudget } from "../contract/cache-budget.ts";
import type { EntryCursor, ScanRange, StoreEngine } from "../contract/store-engine.ts";
import { MergeCursor } from "./merge-cursor.ts";
import type { Stage } from "./stage.ts";

/** Up to here entries are counted one by one; beyond, the engine is asked for an estimate. */
const countedEntriesMax = 10_000;

/** A store's part of the engine, seen through the writes that are not committed. */
export class StagedStore implements EngineBytes {
  readonly #engine: StoreEngine;
  readonly #prefix: Uint8Array;
  readonly #prefixEnd: Uint8Array | undefined;
  readonly #stage: Stage;
  readonly #scratch = new ScratchBytes();
  readonly #dropped: (key: Uint8Array) => void;

  /** @param dropped told before all keys before one are deleted for good */
  constructor(
    engine: StoreEngine,
    prefix: Uint8Array,
    stage: Stage,
    dropped: (key: Uint8Array) => void = () => {},
  ) {
    this.#dropped = dropped;
    this.#engine = engine;
    this.#prefix = prefix;
    this.#prefixEnd = afterPrefix(prefix);
    this.#stage = stage;
  }

  get(key: Uint8Array): Uint8Array | null {
    const whole = this.#atOnce(key);
    const staged = this.#stage.get(whole);
    if (staged !== undefined) return staged;
    const value = this.#engine.get(whole);
    if (value !== null) this.#stage.noteRead(whole, value);
    return value;
  }

  keepLast(budget: CacheBudget): void {
    this.#stage.keepLast(budget);
  }

  put(key: Uint8Array, value: Uint8Array | null): void {
    this.#stage.put(this.#atOnce(key), value);
  }

  scan(range: ScanRange): EntryCursor {
    const from = range.from === undefined ? this.#prefix : this.#withPrefix(range.from);
    const to = range.to === undefined ? this.#prefixEnd : this.#withPrefix(range.to);
    const direction = range.direction ?? "forward";
    let cursor = this.#engine.scan(
      to === undefined ? { from, direction } : { from, to, direction },
    );
    if (!this.#stage.isEmpty) {
      const end = to === undefined ? undefined : toLatin1(to);
      for (const writes of this.#stage.walks(toLatin1(from), end, direction === "forward"))
        cursor = new MergeCursor(writes, cursor, direction);
    }
    return new UnprefixedCursor(cursor, this.#prefix.length);
  }

  dropBelow(key: Uint8Array): void {
    const to = this.#withPrefix(key);
    this.#stage.forgetLast();
    this.#dropped(key);
    using entries = this.#engine.scan({ from: this.#prefix, to });
    if (entries.next()) this.#engine.deleteRange(this.#prefix, to);
  }

  approximateEntryCount(): number {
    using entries = this.scan({});
    let count = 0;
    while (entries.next())
      if (++count === countedEntriesMax) return this.#engine.estimatedEntryCount ?? count;
    return count;
  }

  #withPrefix(key: Uint8Array): Uint8Array {
    const { length } = this.#prefix;
    const whole = new Uint8Array(length + key.length);
    return this.#fill(whole, key);
  }

  /** For what reads or copies it at once. */
  #atOnce(key: Uint8Array): Uint8Array {
    return this.#fill(this.#scratch.ofLength(this.#prefix.length + key.length), key);
  }

  #fill(whole: Uint8Array, key: Uint8Array): Uint8Array {
    const { length } = this.#prefix;
    for (let index = 0; index < length; index++) whole[index] = this.#prefix[index];
    whole.set(key, length);
    return whole;
  }
}

class UnprefixedCursor implements EntryCursor {
  readonly #inner: EntryCursor;
  readonly #prefixLength: number;

  constructor(inner: EntryCursor, prefixLength: number) {
    this.#inner = inner;
    this.#prefixLength = prefixLength;
  }

  next(): boolean {
    return this.#inner.next();
  }

  get key(): Uint8Array {
    return this.#inner.key.subarray(this.#prefixLength);
  }

  get value(): Uint8Array {
    return this.#inner.value;
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
