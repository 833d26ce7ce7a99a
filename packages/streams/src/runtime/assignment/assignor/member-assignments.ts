import { topicPartitionName, type TopicPartition } from "@millrace/model";

import { byPlace, sorted, type AssignableTask, type ClientState } from "./client-state.ts";
import { distribute, type MemberLoads } from "./distribute.ts";
import type { GroupProcess, KnownTasks } from "./group-processes.ts";
import { inHashOrder, taskHash } from "./java-order.ts";

/** What one member is to have. */
export interface MemberTasks {
  readonly memberId: string;
  readonly active: readonly AssignableTask[];
  readonly standby: readonly AssignableTask[];
  /** Tasks that it is to have once their owner has given them up: the group is assigned anew then, at once. */
  readonly awaited: readonly AssignableTask[];
}

/** What the assignor has decided, and who owned what before. */
export interface DecidedGroup {
  readonly tasks: KnownTasks;
  readonly clients: readonly { readonly instance: GroupProcess; readonly state: ClientState }[];
  readonly inputsOf: (task: AssignableTask) => readonly TopicPartition[];
}

/** What each member is to have if none had anything before. */
export function shareOut(
  { instance, state }: DecidedGroup["clients"][number],
  tasks: KnownTasks,
): readonly Omit<MemberTasks, "awaited">[] {
  const loads: MemberLoads = new Map();
  const inThisOrder = { loads, previousOf: () => [] };
  const stay = {
    loads,
    previousOf: (member: string) => instance.previousTasksOf(member, tasks, state),
  };
  const active = sorted(state.active);
  const [stateful, stateless] = [true, false].map((is) =>
    inHashOrder(
      active.filter(({ isStateful }) => isStateful === is),
      taskHash,
    ),
  );
  const { memberIds } = instance;
  const ofStateful = distribute(stateful, memberIds, stay);
  const ofStandby = distribute(sorted(state.standby), memberIds, stay);
  const ofStateless = distribute(stateless, memberIds, inThisOrder);
  return memberIds.map((memberId) => ({
    memberId,
    active: [...(ofStateful.get(memberId) ?? []), ...(ofStateless.get(memberId) ?? [])],
    standby: ofStandby.get(memberId) ?? [],
  }));
}

/**
 * What each member gets now (cooperative, KIP-429): no task before its last owner has given it up. Where its next one
 * had a copy, it keeps that meanwhile.
 */
export function memberAssignments({
  tasks,
  clients,
  inputsOf,
}: DecidedGroup): readonly (readonly MemberTasks[])[] {
  const owned = new Set(clients.flatMap(({ instance }) => [...instance.ownedPartitions]));
  return clients.map((client) => {
    const { instance, state } = client;
    const isElsewhere = (task: AssignableTask, memberId: string): boolean =>
      inputsOf(task).some(({ topic, partition }) => {
        const name = topicPartitionName(topic, partition);
        return owned.has(name) && instance.ownerOf(name) !== memberId;
      });
    return shareOut(client, tasks).map(({ memberId, active, standby }) => {
      const awaited = active.filter((task) => isElsewhere(task, memberId));
      const copies = awaited.filter((task) => task.isStateful && state.previousStandby.has(task));
      return {
        memberId,
        active: active.filter((task) => !awaited.includes(task)),
        standby: [...standby, ...copies].sort(byPlace),
        awaited,
      };
    });
  });
}
