import type { NodeTaps, RecordTap } from "../processor/record-tap.ts";

/** Who listens at the nodes of an application, whatever tasks it has. */
export class RecordTaps implements NodeTaps {
  readonly #byNode = new Map<string, RecordTap[]>();
  readonly #all = new Set<RecordTap>();
  #ended: { readonly failure: { readonly error: unknown } | undefined } | undefined;
  readonly #roomListeners = new Set<() => void>();

  /** Calls back when records may be processed again, perhaps; what it gives ends that. */
  onRoom(callback: () => void): () => void {
    this.#roomListeners.add(callback);
    return () => void this.#roomListeners.delete(callback);
  }

  roomMade(): void {
    for (const callback of this.#roomListeners) callback();
  }

  of(nodeName: string): RecordTap[] {
    const known = this.#byNode.get(nodeName);
    if (known !== undefined) return known;
    const taps: RecordTap[] = [];
    this.#byNode.set(nodeName, taps);
    return taps;
  }

  /** It is told of the end at once where that has come. */
  add(nodeName: string, tap: RecordTap): void {
    if (this.#ended !== undefined) tap.ended(this.#ended.failure);
    else {
      this.#all.add(tap);
      this.of(nodeName).push(tap);
    }
  }

  remove(nodeName: string, tap: RecordTap): void {
    const taps = this.of(nodeName);
    if (!this.#all.delete(tap)) return;
    taps.splice(taps.indexOf(tap), 1);
    this.roomMade();
  }

  get areAny(): boolean {
    return this.#all.size > 0;
  }

  /** True: no record may be processed, since somebody who listens has no room. */
  get areFull(): boolean {
    for (const tap of this.#all) if (!tap.hasRoom) return true;
    return false;
  }

  /** True: a commit gives room. */
  get awaitCommit(): boolean {
    for (const tap of this.#all) if (!tap.hasRoom && tap.awaitsCommit) return true;
    return false;
  }

  committed(): void {
    for (const tap of this.#all) tap.committed();
  }

  discarded(): void {
    for (const tap of this.#all) tap.discarded();
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.#ended = { failure };
    const taps = [...this.#all];
    this.#all.clear();
    for (const tap of taps) tap.ended(failure);
  }
}
