import { StateError } from "../contract/state-error.ts";
import type { OpenStore } from "../contract/open-store.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import type { QueryIsolation, StoreView } from "../contract/store-view.ts";
import type { CommittedBytes } from "../layers/committed-bytes.ts";
import type { Stage } from "../layers/stage.ts";
import type { StoreMeters } from "../layers/store-meters.ts";
import type { EngineArea } from "./engine-area.ts";

interface OpenedStoreParts {
  readonly specification: StoreSpecification;
  readonly area: EngineArea;
  readonly stage: Stage;
  readonly open: OpenStore;
  readonly committed: CommittedBytes;
  /** True: its engine held entries of another layout, which were deleted. */
  readonly isReset: boolean;
  readonly meters: StoreMeters | undefined;
}

/** One store of a task: what it shows, what is uncommitted of it, and where it lies. */
export class OpenedStore implements OpenedStoreParts {
  readonly specification: StoreSpecification;
  readonly area: EngineArea;
  readonly stage: Stage;
  readonly open: OpenStore;
  readonly committed: CommittedBytes;
  readonly isReset: boolean;
  readonly meters: StoreMeters | undefined;
  /** What queries read; undefined: nobody asked. */
  #liveView: StoreView | undefined;
  /** What queries read of what is committed; undefined: nobody asked since the last commit. */
  #committedView: StoreView | undefined;

  constructor(parts: OpenedStoreParts) {
    this.specification = parts.specification;
    this.area = parts.area;
    this.stage = parts.stage;
    this.open = parts.open;
    this.committed = parts.committed;
    this.isReset = parts.isReset;
    this.meters = parts.meters;
  }

  /** As `TaskStores.view`. */
  view(isolation: QueryIsolation): StoreView {
    const { specification, open, committed } = this;
    if (open.view === undefined)
      throw new StateError(
        "STORE_NOT_QUERYABLE",
        `store ${specification.name} is an operator's own, a ${specification.kind.name}; ask a table's, or one that a processor keeps`,
      );
    if (isolation === "live") return (this.#liveView ??= open.view(undefined));
    return (this.#committedView ??= open.view(committed));
  }

  flush(isOver?: () => boolean): boolean {
    const { open, meters } = this;
    return meters === undefined ? open.flush(isOver) : meters.flushed(() => open.flush(isOver));
  }

  /** A commit has ended: what was sealed for it is in the engine. */
  commitEnded(): void {
    this.stage.dropSealed();
    this.committed.overwritten();
    this.#committedView = undefined;
    this.open.committed();
  }

  /** Back to what is committed. */
  discard(): void {
    this.stage.clear();
    this.open.discard();
  }

  /** The engine has nothing of it any more. */
  wiped(): void {
    this.discard();
    this.committed.endCursors("its store was reset");
    this.#committedView = undefined;
  }
}
