export interface SnapshotRefusal {
  readonly reason: string;
  /** Undefined: no snapshot could be looked at. */
  readonly snapshot?: string;
  /** Undefined: all of the snapshot. */
  readonly store?: string;
}

/** Why a task took nothing from snapshots: each reason once, with all that it is said of. */
export class SnapshotRefusals {
  readonly #byReason = new Map<string, SnapshotRefusal[]>();

  add(refusal: SnapshotRefusal): void {
    const others = this.#byReason.get(refusal.reason);
    if (others === undefined) this.#byReason.set(refusal.reason, [refusal]);
    else others.push(refusal);
  }

  *all(): Generator<{
    readonly reason: string;
    readonly snapshots: readonly string[];
    readonly stores: readonly string[];
    readonly count: number;
  }> {
    for (const [reason, refusals] of this.#byReason)
      yield {
        reason,
        snapshots: namesOf(refusals.map(({ snapshot }) => snapshot)),
        stores: namesOf(refusals.map(({ store }) => store)),
        count: refusals.length,
      };
  }
}

function namesOf(given: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(given.filter((name) => name !== undefined))];
}
