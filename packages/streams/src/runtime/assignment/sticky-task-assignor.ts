import { compareTaskIds, taskIdText, type TaskId } from "../../processor/task-id.ts";

/** A member of the group as the assignor sees it: one stream loop. */
export interface AssignableMember {
  readonly memberId: string;
  readonly processId: string;
  /** Tasks whose state lies with the member's process: offset sums, or less than 0 for "runs it now". */
  readonly offsetSums: ReadonlyMap<string, number>;
}

/**
 * Gives every task to one member: first to who runs it now, then to who holds most of its state,
 * then to who has least; nobody gets more than the quota, which is the fair share rounded up.
 * The same input gives the same output on every member, in whatever order members come.
 */
export function assignTasks(
  tasks: readonly TaskId[],
  members: readonly AssignableMember[],
): ReadonlyMap<string, readonly TaskId[]> {
  const sorted = [...members].sort((left, right) => compareText(left.memberId, right.memberId));
  const assigned = new Map<string, TaskId[]>(sorted.map(({ memberId }) => [memberId, []]));
  const quota = new Quota(tasks.length, sorted.length);
  let open = [...tasks].sort(compareTaskIds);
  for (const preference of [prefersRunning, prefersState, prefersAny]) {
    open = open.filter((task) => {
      const chosen = choose(task, preference, { members: sorted, assigned, quota });
      if (chosen === undefined) return true;
      assigned.get(chosen)?.push(task);
      quota.take(assigned.get(chosen)?.length ?? 0);
      return false;
    });
  }
  for (const own of assigned.values()) own.sort(compareTaskIds);
  return assigned;
}

/** How much a member wants a task: undefined for not at all; the lowest wins. */
type Preference = (offsetSum: number | undefined) => number | undefined;

const prefersRunning: Preference = (sum) => (sum !== undefined && sum < 0 ? 0 : undefined);
const prefersState: Preference = (sum) => (sum !== undefined && sum >= 0 ? -sum : undefined);
const prefersAny: Preference = () => 0;

/** Of `taskCount % memberCount` members each may hold one task more than the others. */
class Quota {
  readonly #least: number;
  #extra: number;

  constructor(taskCount: number, memberCount: number) {
    this.#least = Math.floor(taskCount / memberCount);
    this.#extra = taskCount % memberCount;
  }

  hasRoom(held: number): boolean {
    return held < this.#least || (held === this.#least && this.#extra > 0);
  }

  take(heldNow: number): void {
    if (heldNow > this.#least) this.#extra -= 1;
  }
}

function choose(
  task: TaskId,
  preference: Preference,
  {
    members,
    assigned,
    quota,
  }: {
    readonly members: readonly AssignableMember[];
    readonly assigned: ReadonlyMap<string, readonly TaskId[]>;
    readonly quota: Quota;
  },
): string | undefined {
  let best: { readonly memberId: string; readonly rank: number; readonly held: number } | undefined;
  for (const { memberId, offsetSums } of members) {
    const held = assigned.get(memberId)?.length ?? 0;
    const rank = preference(offsetSums.get(taskIdText(task)));
    if (rank === undefined || !quota.hasRoom(held)) continue;
    const isBetter =
      best === undefined || rank < best.rank || (rank === best.rank && held < best.held);
    if (isBetter) best = { memberId, rank, held };
  }
  return best?.memberId;
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
