import { StateError } from "../contract/state-error.ts";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import { SnapshotCursor, type SnapshotSource } from "./snapshot-cursor.ts";

/** What is kept for one cursor, at most. */
const keptBytesMax = 16 * 1024 * 1024;

/** The cursors of one store that are open, each with the state as of its opening. */
export class OpenCursors {
  readonly #store: string;
  readonly #cursors = new Set<SnapshotCursor>();
  readonly #source: { moves: number } & SnapshotSource;

  constructor(store: string, scan: (range: ScanRange) => EntryCursor) {
    this.#store = store;
    this.#source = { moves: 0, scan, closed: (cursor) => this.#cursors.delete(cursor) };
  }

  /** True: `keep` is to be called before each write. */
  get hasOpen(): boolean {
    return this.#cursors.size > 0;
  }

  open(range: ScanRange): EntryCursor {
    const cursor = new SnapshotCursor(this.#source, range);
    this.#cursors.add(cursor);
    return cursor;
  }

  /** Before a key is written. */
  keep(key: Uint8Array, valueOf: () => Uint8Array | null): void {
    for (const cursor of this.#cursors)
      if (cursor.keep(key, valueOf) > keptBytesMax)
        cursor.fail(this.#ended(`more than ${keptBytesMax} bytes were overwritten meanwhile`));
  }

  /** Entries moved from one layer to another. */
  moved(): void {
    this.#source.moves += 1;
  }

  /** What the cursors show is gone. */
  end(reason: string): void {
    for (const cursor of this.#cursors) cursor.fail(this.#ended(reason));
  }

  #ended(reason: string): StateError {
    return new StateError(
      "CURSOR_ENDED",
      `a cursor of store ${this.#store} cannot go on: ${reason}; open another one`,
    );
  }
}
