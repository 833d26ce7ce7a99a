import type { OffsetAndMetadata } from "@millrace/cluster";
import type { Counter, Platform } from "@millrace/platform";
import { Snapshot, SnapshotError, snapshotIds } from "@millrace/state";

import type { LoopEnvironment } from "../loop-environment.ts";
import type { TaskState } from "../state/task-state.ts";
import { fillStore } from "./fill-store.ts";
import { Lanes } from "./lanes.ts";
import { isWorthwhile, misfitOf, type StoreNeed } from "./snapshot-fit.ts";
import { SnapshotRefusals } from "./snapshot-refusals.ts";
import type { StateSource } from "./state-source.ts";
import { storeNeedsOf } from "./store-needs.ts";

/** Whole ones; older ones than these are not looked at. */
const snapshotsMax = 16;
/** Tasks that are loaded at a time: each has a block in memory. */
const lanesMax = 4;

/**
 * Fills stores from snapshots before their changelogs are read: from the newest one that fits. One that does not is told,
 * and counted, and the whole changelog is read.
 *
 * STREAMS-18: a store is filled whole and from one snapshot, or its changelog is read from the beginning.
 */
export class SnapshotLoader {
  readonly #environment: LoopEnvironment;
  readonly #source: StateSource;
  readonly #lanes = new Lanes(lanesMax);
  readonly #loads: Counter;
  readonly #refusals: Counter;

  constructor(environment: LoopEnvironment, source: StateSource) {
    this.#environment = environment;
    this.#source = source;
    const tags = { application: environment.config.applicationId };
    this.#loads = environment.platform.metrics.counter("snapshot-loads-total", tags);
    this.#refusals = environment.platform.metrics.counter("snapshot-refusals-total", tags);
  }

  /**
   * @param committed what is committed of source topics that serve as changelogs
   * @throws the signal's reason; what its engine cannot write; what the cluster does not answer
   */
  async load(
    state: TaskState,
    committed: readonly OffsetAndMetadata[],
    signal: AbortSignal,
  ): Promise<void> {
    if (state.subtopology.changelogTopics.length === 0) return;
    const { cluster, config } = this.#environment;
    const { isExactlyOnce } = config;
    const { admin } = cluster;
    await this.#lanes.run(async () => {
      // As of now: others may have gone on, and copied their state, while it waited.
      const needs = await storeNeedsOf(state, committed, { admin, isExactlyOnce, signal });
      await this.#fill(state, needs, signal);
    }, signal);
    // What is open knows nothing of the rows.
    state.replayed();
  }

  async #fill(state: TaskState, needs: readonly StoreNeed[], signal: AbortSignal): Promise<void> {
    const { applicationId: application } = this.#environment.config;
    const owner = { application, task: state.name };
    const left = new Set(needs);
    const refusals = new SnapshotRefusals();
    const seen = new Set<string>();
    let whole = 0;
    try {
      while (left.size > 0 && whole < snapshotsMax) {
        // Again after the last one: while they were read others may have put newer ones in their place.
        const listed = await snapshotIds(this.#source.from, owner, signal);
        const ids = listed.filter((id) => !seen.has(id));
        if (ids.length === 0) break;
        for (const id of ids) {
          if (left.size === 0 || whole === snapshotsMax) break;
          signal.throwIfAborted();
          seen.add(id);
          const snapshot = await this.#open({ state, refusals }, id, signal);
          if (snapshot === "half") continue;
          whole += 1;
          if (snapshot === "refused") continue;
          for (const need of left)
            if (await this.#fillStore({ state, refusals }, snapshot, { need, signal }))
              left.delete(need);
        }
      }
    } catch (cause) {
      if (signal.aborted || !(cause instanceof SnapshotError)) throw cause;
      refusals.add({ reason: cause.message });
    } finally {
      this.#tell(state, refusals);
    }
  }

  async #open(
    { state, refusals }: FilledTask,
    id: string,
    signal: AbortSignal,
  ): Promise<Snapshot | "half" | "refused"> {
    const { from, ageMsMax } = this.#source;
    const { platform, config } = this.#environment;
    try {
      const owner = { application: config.applicationId, task: state.name };
      const snapshot = await Snapshot.open(from, { ...owner, id, signal });
      if (snapshot === undefined) return "half";
      const ageMs = platform.clock.wallMs() - snapshot.manifest.asOfMs;
      if (ageMs < ageMsMax) return snapshot;
      const reason = `it is ${Math.round(ageMs / 1000)} s old: a changelog may have forgotten since what was deleted (stateFromMaxAge: ${Math.round(ageMsMax / 1000)} s)`;
      refusals.add({ snapshot: id, reason });
    } catch (cause) {
      if (!isUnusable(cause)) throw cause;
      refusals.add({ snapshot: id, reason: cause.message });
    }
    return "refused";
  }

  /** @returns false: an older one may do */
  async #fillStore(
    { state, refusals }: FilledTask,
    snapshot: Snapshot,
    { need, signal }: { readonly need: StoreNeed; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { store } = need;
    const found = snapshot.manifest.stores.find(({ name }) => name === store);
    if (found === undefined) return false; // the program has it since
    const misfit = misfitOf(found, need);
    if (misfit !== undefined) {
      refusals.add({ snapshot: snapshot.id, store, reason: misfit });
      return false;
    }
    if (!isWorthwhile(found, need)) return true;
    try {
      const { platform } = this.#environment;
      const blocks = snapshot.blocks(found, signal);
      const rows = await fillStore(state, blocks, { found, need, platform, signal });
      this.#loads.add(1);
      platform.logger.log("info", "streams.snapshot-loaded", {
        task: state.name,
        store,
        snapshot: snapshot.id,
        offset: found.offset,
        rows,
      });
      return true;
    } catch (cause) {
      if (cause instanceof SnapshotError) state.stores.wipe(store);
      if (!isUnusable(cause)) throw cause;
      // One that was removed meanwhile was no worse than others.
      if (await snapshot.isThere(signal))
        refusals.add({ snapshot: snapshot.id, store, reason: cause.message });
      return false;
    }
  }

  #tell(state: TaskState, refusals: SnapshotRefusals): void {
    const { logger }: Pick<Platform, "logger"> = this.#environment.platform;
    for (const { count, ...why } of refusals.all()) {
      this.#refusals.add(count);
      logger.log("warn", "streams.snapshot-refused", {
        task: state.name,
        place: this.#source.from.place,
        ...why,
      });
    }
  }
}

interface FilledTask {
  readonly state: TaskState;
  readonly refusals: SnapshotRefusals;
}

/** Of this snapshot: an older one may be better. */
function isUnusable(error: unknown): error is SnapshotError {
  return (
    error instanceof SnapshotError &&
    (error.code === "SNAPSHOT_DAMAGED" || error.code === "SNAPSHOT_TOO_NEW")
  );
}
