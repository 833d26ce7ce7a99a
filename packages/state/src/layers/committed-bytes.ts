import { compareBytes } from "@millrace/model";
import type { CursorWatch } from "../contract/cursor-watch.ts";
import type { StoreScan } from "../contract/bytes-store.ts";
import type { EngineEntry, EntryCursor, StoreEngine } from "../contract/store-engine.ts";
import { OpenCursors } from "./open-cursors.ts";
import { Stage, StageBudget } from "./stage.ts";
import { StagedStore } from "./staged-store.ts";

/** Nobody writes to it. */
const emptyStage = new Stage(new StageBudget(0));

/**
 * A store's part of the engine without the writes that are not committed. Its cursors go on across commits: what those
 * overwrite is kept for them.
 */
export class CommittedBytes extends StagedStore {
  readonly #prefixLength: number;
  readonly #cursors: OpenCursors;

  constructor(
    name: string,
    { engine, prefix }: { readonly engine: StoreEngine; readonly prefix: Uint8Array },
    watch: CursorWatch | undefined,
  ) {
    super(engine, prefix, emptyStage);
    this.#prefixLength = prefix.length;
    this.#cursors = new OpenCursors(name, (range) => super.scan(range), watch);
  }

  override scan(range: StoreScan): EntryCursor {
    return this.#cursors.open(range);
  }

  /** True: tell what a commit overwrites. */
  get hasOpenCursors(): boolean {
    return this.#cursors.hasOpen;
  }

  /** Before they go into the engine. */
  overwriting(writes: readonly EngineEntry[]): void {
    for (const write of writes) {
      const key = write.key.subarray(this.#prefixLength);
      this.#cursors.keep(key, () => this.get(key));
    }
  }

  /** They are in the engine. */
  overwritten(): void {
    this.#cursors.moved();
  }

  /** All keys before this one are gone. */
  dropped(key: Uint8Array): void {
    this.#cursors.end(
      "rows that it had to show have expired",
      ({ from }) => from === undefined || compareBytes(from, key) < 0,
    );
  }

  endCursors(reason: string): void {
    this.#cursors.end(reason);
  }
}
