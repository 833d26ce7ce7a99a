import type { Timestamp } from "@millrace/model";
import type { CursorWatch, OpenedCursors } from "../contract/cursor-watch.ts";
import { StateError } from "../contract/state-error.ts";
import type { StoreScan } from "../contract/bytes-store.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import { OverwrittenEntry, type ValueNow } from "./overwritten-entry.ts";
import { SnapshotCursor, type SnapshotSource } from "./snapshot-cursor.ts";

/** What is kept for one cursor, at most. */
const keptBytesMax = 16 * 1024 * 1024;

/** The cursors of one store that are open, each with the state as of its opening. */
export class OpenCursors implements OpenedCursors {
  readonly #store: string;
  readonly #watch: CursorWatch | undefined;
  readonly #cursors = new Set<SnapshotCursor>();
  readonly #source: { moves: number } & SnapshotSource;

  constructor(
    store: string,
    scan: (range: StoreScan) => EntryCursor,
    watch: CursorWatch | undefined,
  ) {
    this.#store = store;
    this.#watch = watch;
    this.#source = { moves: 0, scan, closed: (cursor) => this.#closed(cursor) };
    watch?.add(this);
  }

  get openCount(): number {
    return this.#cursors.size;
  }

  /** They are in the order in which they were opened. */
  get oldestMs(): Timestamp | undefined {
    for (const { openedMs } of this.#cursors) return openedMs;
    return undefined;
  }

  /** True: `keep` is to be called before each write. */
  get hasOpen(): boolean {
    return this.#cursors.size > 0;
  }

  open(range: StoreScan): EntryCursor {
    const cursor = new SnapshotCursor(this.#source, range);
    if (this.#watch !== undefined) cursor.openedMs = this.#watch.now();
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Before a key is written. */
  keep(key: Uint8Array, valueNow: ValueNow): void {
    const entry = new OverwrittenEntry(key, valueNow);
    for (const cursor of this.#cursors)
      if (cursor.keep(entry) > keptBytesMax)
        cursor.fail(this.#ended(`more than ${keptBytesMax} bytes were overwritten meanwhile`));
  }

  /** Entries moved from one layer to another. */
  moved(): void {
    this.#source.moves += 1;
  }

  /** What cursors show is gone; those of some scans, or all. */
  end(reason: string, isGone: (scan: StoreScan) => boolean = () => true): void {
    for (const cursor of this.#cursors) if (isGone(cursor.range)) cursor.fail(this.#ended(reason));
  }

  #closed(cursor: SnapshotCursor): void {
    if (this.#cursors.delete(cursor)) this.#watch?.closed(cursor.openedMs);
  }

  #ended(reason: string): StateError {
    return new StateError(
      "CURSOR_ENDED",
      `a cursor of store ${this.#store} cannot go on: ${reason}; open another one`,
    );
  }
}
