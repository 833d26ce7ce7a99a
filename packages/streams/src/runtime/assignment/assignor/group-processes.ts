import { topicPartitionName, type TopicPartition } from "@millrace/model";

import { taskIdText } from "../../../processor/task-id.ts";
import {
  latestVersion,
  runsNow,
  unknownOffsetSum,
  type SubscriptionInfo,
} from "../subscription-info.ts";
import { byPlace, ClientState, type AssignableTask } from "./client-state.ts";
import { compareProcessIds } from "./java-order.ts";

/** A member of the group with what it has told. */
export interface GroupMember {
  readonly memberId: string;
  readonly ownedPartitions: readonly TopicPartition[];
  /** Where it runs; undefined: it does not say. */
  readonly rackId?: string;
  readonly info: SubscriptionInfo;
}

/** Members of a newer version cannot be read: they are counted as one process, which holds nothing. */
const futureProcessId = "ffffffff-ffff-4fff-bfff-ffffffffffff";

/** Tags that say something of Millrace, not of the place where a process runs. */
const ownTagPrefix = "millrace.";

/** The tasks of the application, and how to find them. */
export interface KnownTasks {
  /** In their order. */
  readonly all: readonly AssignableTask[];
  readonly byName: ReadonlyMap<string, AssignableTask>;
  /** By the name of an input's partition. */
  readonly ofPartition: ReadonlyMap<string, AssignableTask>;
}

/** A process of the application: its members of the group, and what they hold (Kafka: `ClientMetadata`). */
export class GroupProcess {
  readonly processId: string;
  /** `host:port` for queries, or empty. */
  readonly userEndPoint: string;
  /** Undefined: its members do not say, or not the same. */
  readonly rackId: string | undefined;
  /** Sorted. */
  readonly memberIds: readonly string[];
  readonly #members: readonly GroupMember[];
  readonly #owners: ReadonlyMap<string, string>;
  readonly #offsetSums = new Map<string, number>();

  constructor(processId: string, members: readonly GroupMember[]) {
    this.processId = processId;
    this.#members = members;
    this.memberIds = members.map(({ memberId }) => memberId).sort();
    const [{ rackId }] = members;
    this.rackId = members.every((one) => one.rackId === rackId) ? rackId : undefined;
    this.userEndPoint = members[0].info.userEndPoint;
    this.#owners = new Map(
      members.flatMap(({ memberId, ownedPartitions }) =>
        ownedPartitions.map(({ topic, partition }) => [
          topicPartitionName(topic, partition),
          memberId,
        ]),
      ),
    );
    for (const { taskId, offsetSum } of members.flatMap(({ info }) => info.taskOffsetSums))
      this.#offsetSums.set(taskIdText(taskId), offsetSum);
  }

  /** The member of this process that owns a partition, by its name. */
  ownerOf(partition: string): string | undefined {
    return this.#owners.get(partition);
  }

  get ownedPartitions(): Iterable<string> {
    return this.#owners.keys();
  }

  /**
   * @param endOffsetSums of the stateful tasks: how much there is to hold
   */
  clientState(tasks: KnownTasks, endOffsetSums: ReadonlyMap<AssignableTask, number>): ClientState {
    const previousActive = new Set<AssignableTask>();
    const previousStandby = new Set<AssignableTask>();
    for (const partition of [...this.#owners.keys()].sort()) {
      const task = tasks.ofPartition.get(partition);
      if (task !== undefined) previousActive.add(task);
    }
    for (const [name, offsetSum] of this.#offsetSums) {
      const task = tasks.byName.get(name);
      if (task === undefined || previousActive.has(task)) continue;
      (offsetSum === runsNow ? previousActive : previousStandby).add(task);
    }
    const { clientTags } = this.#members[0].info;
    return new ClientState({
      processId: this.processId,
      capacity: this.memberIds.length,
      tags: new Map([...clientTags].filter(([key]) => !key.startsWith(ownTagPrefix))),
      previousActive,
      previousStandby,
      lags: new Map(
        [...endOffsetSums].map(([task, end]) => [
          task,
          lagOf(this.#offsetSums.get(task.name) ?? 0, end),
        ]),
      ),
    });
  }

  /** The stateful tasks that a member has told to hold something of, those with the least lag first. */
  previousTasksOf(
    memberId: string,
    { byName }: KnownTasks,
    client: ClientState,
  ): readonly AssignableTask[] {
    const member = this.#members.find((one) => one.memberId === memberId);
    const held = (member?.info.taskOffsetSums ?? []).flatMap(({ taskId }) => {
      const task = byName.get(taskIdText(taskId));
      return task?.isStateful === true ? [task] : [];
    });
    return held.sort(
      (left, right) => client.lagOf(left) - client.lagOf(right) || byPlace(left, right),
    );
  }
}

/** What tells more than there is, has state of another topic: it counts as if it had none. */
function lagOf(offsetSum: number, endOffsetSum: number): number {
  if (offsetSum === runsNow || offsetSum === unknownOffsetSum) return offsetSum;
  return endOffsetSum < offsetSum ? endOffsetSum : endOffsetSum - offsetSum;
}

/** The processes of the group in the order of their ids. */
export function groupProcesses(members: readonly GroupMember[]): readonly GroupProcess[] {
  const byProcess = Map.groupBy(members, ({ info }) =>
    info.version > latestVersion ? futureProcessId : info.processId,
  );
  return [...byProcess]
    .map(([processId, own]) => new GroupProcess(processId, own))
    .sort((left, right) => compareProcessIds(left.processId, right.processId));
}
