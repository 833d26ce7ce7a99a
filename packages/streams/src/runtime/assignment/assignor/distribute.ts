import { byPlace, type AssignableTask } from "./client-state.ts";
import { PriorityQueue } from "./java-order.ts";

/** How many tasks each member has so far. */
export type MemberLoads = Map<string, number>;

/**
 * Shares the tasks of a process out among its members, so that their numbers differ by one at most (Kafka:
 * `assignTasksToThreads`). A member keeps what it had, those with the least lag first.
 *
 * @param members sorted
 * @param loads of what was shared out before; is added to
 * @param previousOf the stateful tasks that a member has state of, those with the least lag first
 */
export function distribute(
  tasks: readonly AssignableTask[],
  members: readonly string[],
  {
    loads,
    previousOf,
  }: {
    readonly loads: MemberLoads;
    readonly previousOf: (member: string) => readonly AssignableTask[];
  },
): ReadonlyMap<string, readonly AssignableTask[]> {
  const given = new Map<string, AssignableTask[]>(members.map((member) => [member, []]));
  const open = new PriorityQueue(byPlace, [...tasks]);
  const before = [...loads.values()].reduce((sum, load) => sum + load, 0);
  const least = Math.floor((before + tasks.length) / members.length);
  const give = (member: string, task: AssignableTask): void => {
    given.get(member)?.push(task);
    open.remove(task);
  };
  const loadOf = (member: string): number =>
    (loads.get(member) ?? 0) + (given.get(member)?.length ?? 0);
  const wanted = new Map<AssignableTask, string>();
  if (tasks.length > 0) {
    for (const member of members)
      for (const task of previousOf(member)) {
        if (!open.has(task)) continue;
        if (loadOf(member) < least) give(member, task);
        else wanted.set(task, member);
      }
    fill(
      members.filter((member) => loadOf(member) < least),
      { open, loadOf, give, least },
    );
    shareRest(
      members.filter((member) => loadOf(member) === least),
      { open, give, wanted },
    );
  }
  for (const member of members) loads.set(member, loadOf(member));
  return given;
}

interface Sharing {
  readonly open: PriorityQueue<AssignableTask>;
  readonly give: (member: string, task: AssignableTask) => void;
}

/** Up to the least share, one by one in turns. */
function fill(
  members: readonly string[],
  {
    open,
    loadOf,
    give,
    least,
  }: Sharing & { readonly loadOf: (member: string) => number; readonly least: number },
): void {
  const queue = [...members];
  for (let member = queue.shift(); member !== undefined; member = queue.shift()) {
    const task = open.elements[0];
    if (task === undefined) return;
    give(member, task);
    if (loadOf(member) < least) queue.push(member);
  }
}

/** One more each: to who had them, then to who is next. */
function shareRest(
  members: readonly string[],
  { open, give, wanted }: Sharing & { readonly wanted: ReadonlyMap<AssignableTask, string> },
): void {
  const queue = new Set(members);
  for (const [task, member] of [...wanted].sort(([left], [right]) => byPlace(left, right)))
    if (open.has(task) && queue.delete(member)) give(member, task);
  const rest = [...open.elements];
  for (const member of [...queue].slice(0, rest.length)) {
    const task = rest.shift();
    if (task !== undefined) give(member, task);
  }
}
