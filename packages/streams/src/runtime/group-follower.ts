import type { TaskAssignments } from "./task-assignments.ts";

/** Has a loop's part in the group go on beside all else, and tells what that ended with, or lost. */
export class GroupFollower {
  readonly #assignments: TaskAssignments;
  readonly #wake: () => void;
  /** Never rejects. */
  #following: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #lossCount = 0;

  constructor(assignments: TaskAssignments, wake: () => void) {
    this.#assignments = assignments;
    this.#wake = wake;
  }

  /**
   * Goes on until the signal aborts, also after a failure.
   *
   * @throws what it failed with, once
   */
  follow(signal: AbortSignal): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    this.#following ??= this.#assignments
      .follow(signal)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#following = undefined;
        this.#wake();
      });
  }

  /** True, once: somebody else may have had what is held here. */
  takeLoss(): boolean {
    const { lossCount } = this.#assignments;
    if (lossCount === this.#lossCount) return false;
    this.#lossCount = lossCount;
    return true;
  }

  /** Its signal has aborted. */
  async ended(): Promise<void> {
    await this.#following;
  }
}
