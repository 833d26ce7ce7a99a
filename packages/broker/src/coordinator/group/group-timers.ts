import type { ShardResult, ShardTimers } from "../coordinator-shard.ts";

/** The timers of a shard's groups: a group that goes takes its own with it. */
export class GroupTimers<Record> {
  readonly #timers: ShardTimers<Record>;
  readonly #names = new Map<string, Set<string>>();

  constructor(timers: ShardTimers<Record>) {
    this.#timers = timers;
  }

  /** Replaces the group's timer of the same name. */
  schedule(
    groupId: string,
    name: string,
    timer: { readonly delayMs: number; readonly fire: () => ShardResult<Record, void> },
  ): void {
    let names = this.#names.get(groupId);
    if (names === undefined) this.#names.set(groupId, (names = new Set()));
    names.add(name);
    this.#timers.schedule(keyOf(groupId, name), timer.delayMs, () => {
      this.#drop(groupId, name);
      return timer.fire();
    });
  }

  cancel(groupId: string, name: string): void {
    this.#timers.cancel(keyOf(groupId, name));
    this.#drop(groupId, name);
  }

  cancelAll(groupId: string): void {
    for (const name of this.#names.get(groupId) ?? []) this.#timers.cancel(keyOf(groupId, name));
    this.#names.delete(groupId);
  }

  isScheduled(groupId: string, name: string): boolean {
    return this.#names.get(groupId)?.has(name) === true;
  }

  #drop(groupId: string, name: string): void {
    const names = this.#names.get(groupId);
    names?.delete(name);
    if (names?.size === 0) this.#names.delete(groupId);
  }
}

/** Ids are free texts: the length keeps them apart. */
function keyOf(groupId: string, name: string): string {
  return `${groupId.length} ${groupId} ${name}`;
}
