import type {
  Assignment,
  ClusterAdmin,
  GroupSubscription,
  MemberSubscription,
  PartitionAssignor,
} from "@millrace/cluster";
import { invariant, type TopicPartition } from "@millrace/model";

import { ApplicationError } from "../../error/application-error.ts";
import { taskIdText, type TaskId } from "../../processor/task-id.ts";
import { otherTopology } from "../read-assignment.ts";
import { createInternalTopics } from "../internal-topics.ts";
import { withMatchedTopics } from "../pattern-topics.ts";
import { encodeBasis, type AssignmentBasis } from "./assignment-basis.ts";
import { assignorErrors, encodeAssignmentInfo } from "./assignment-info.ts";
import { layOutPartitions, type SubtopologyTopics } from "./partition-layout.ts";
import { assignTasks, type AssignableMember } from "./sticky-task-assignor.ts";
import {
  decodeSubscriptionInfo,
  encodeSubscriptionInfo,
  runsNow,
  subscriptionVersion,
  type SubscriptionInfo,
} from "./subscription-info.ts";

/** The client tag in which members carry the hash of what they share. */
export const topologyTag = "millrace.topology";

export interface StreamPartitionAssignorOptions {
  readonly admin: ClusterAdmin;
  readonly processId: string;
  readonly subtopologies: readonly SubtopologyTopics[];
  /** Hash of sub-topologies, sources, stores and internal topics: equal in all members that may share tasks. */
  readonly fingerprint: string;
  readonly replicationFactor: number;
  /** Offset sums of the state that lies here; `runsNow` for tasks that run. */
  readonly taskOffsetSums: () => SubscriptionInfo["taskOffsetSums"];
}

/**
 * Kafka Streams' `StreamsPartitionAssignor`, with its name and bytes: members tell what state they hold, the
 * leader lays out tasks, makes the internal topics and gives tasks where their state is. A member with
 * another topology than the leader's gets no tasks and is told why; the others go on.
 */
export class StreamPartitionAssignor implements PartitionAssignor {
  readonly name = "stream";
  readonly #options: StreamPartitionAssignorOptions;
  #joins = 0;

  constructor(options: StreamPartitionAssignorOptions) {
    this.#options = options;
  }

  subscriptionUserData(): Uint8Array {
    this.#joins += 1;
    return encodeSubscriptionInfo({
      version: subscriptionVersion,
      latestSupportedVersion: subscriptionVersion,
      processId: this.#options.processId,
      userEndPoint: "",
      taskOffsetSums: this.#options.taskOffsetSums(),
      uniqueField: this.#joins % 128,
      errorCode: 0,
      clientTags: new Map([[topologyTag, this.#options.fingerprint]]),
    });
  }

  async assign(
    group: GroupSubscription,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Assignment>> {
    const { admin, replicationFactor } = this.#options;
    this.#checkMajority(group);
    const result = new Map<string, Assignment>();
    const members: AssignableMember[] = [];
    for (const member of group.members) {
      const refusal = this.#admit(member, members);
      if (refusal !== undefined) result.set(member.memberId, refuse(refusal));
    }
    try {
      const topics = [...group.partitionCounts.keys()];
      const subtopologies = withMatchedTopics(this.#options.subtopologies, topics);
      const named = internalNames(subtopologies);
      const internal = await admin.describeTopics(named, signal);
      const existing = new Map(group.partitionCounts);
      for (const [name, { partitionCount }] of internal) existing.set(name, partitionCount);
      const layout = layOutPartitions(subtopologies, existing);
      await createInternalTopics(admin, layout.internalTopics, internal, {
        replicationFactor,
        signal,
      });
      for (const [memberId, tasks] of assignTasks(layout.tasks, members)) {
        result.set(memberId, this.#assignment(tasks, subtopologies, layout.partitionCounts));
      }
    } catch (error) {
      if (!(error instanceof ApplicationError)) throw error;
      for (const { memberId } of members) result.set(memberId, refuse(error.message, error.code));
    }
    return result;
  }

  /**
   * A leader that has just come with another topology than those who work must not refuse them: it is the one to
   * go, and one of them leads then.
   *
   * @throws ApplicationError `TOPOLOGY_MISMATCH`
   */
  #checkMajority({ members }: GroupSubscription): void {
    const own = this.#options.fingerprint;
    const working = new Set<string | undefined>();
    for (const { userData } of members) {
      const info = readSubscription(userData);
      if (info instanceof Error) continue;
      const isWorking = info.taskOffsetSums.some(({ offsetSum }) => offsetSum === runsNow);
      if (isWorking) working.add(info.clientTags.get(topologyTag));
    }
    if (working.size === 0 || working.has(own)) return;
    throw otherTopology(
      `the members of the group that are at work run topology ${[...working].join(", ")}, this one ${own}`,
    );
  }

  /** Adds the member, or says why it cannot share the work. */
  #admit(member: MemberSubscription, members: AssignableMember[]): string | undefined {
    const info = readSubscription(member.userData);
    if (info instanceof Error) {
      return `the leader of the group cannot read this member's subscription: ${info.message}`;
    }
    const theirs = info.clientTags.get(topologyTag);
    if (theirs !== this.#options.fingerprint) {
      return `the leader of the group runs topology ${this.#options.fingerprint}, this member ${theirs ?? "none of Millrace's"}`;
    }
    const offsetSums = new Map(
      info.taskOffsetSums.map(({ taskId, offsetSum }) => [taskIdText(taskId), offsetSum]),
    );
    members.push({ memberId: member.memberId, processId: info.processId, offsetSums });
    return undefined;
  }

  #basis(
    subtopologies: readonly SubtopologyTopics[],
    counts: ReadonlyMap<string, number>,
  ): AssignmentBasis {
    const { fingerprint } = this.#options;
    const own = new Set(
      subtopologies.flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name)),
    );
    const sources = subtopologies.flatMap(({ sourceTopics }) => sourceTopics);
    const inputs = sources.filter((topic) => !own.has(topic));
    const partitions = new Map(inputs.map((topic) => [topic, counts.get(topic) ?? 0]));
    return { topology: fingerprint, partitions };
  }

  #assignment(
    tasks: readonly TaskId[],
    subtopologies: readonly SubtopologyTopics[],
    counts: ReadonlyMap<string, number>,
  ): Assignment {
    const inputs: (TopicPartition & { readonly task: TaskId })[] = [];
    for (const task of tasks) {
      const subtopology = subtopologies.find(({ id }) => id === task.subtopology);
      invariant(subtopology !== undefined, "STREAMS-2", task);
      for (const topic of subtopology.sourceTopics) {
        if (task.partition >= (counts.get(topic) ?? 0)) continue;
        inputs.push({ topic, partition: task.partition, task });
      }
    }
    // Told by topic: a task's place in the list is that of its input.
    inputs.sort((left, right) =>
      left.topic === right.topic
        ? left.partition - right.partition
        : left.topic < right.topic
          ? -1
          : 1,
    );
    const partitions = inputs.map(({ topic, partition }) => ({ topic, partition }));
    const activeTasks = inputs.map(({ task }) => task);
    const detail = encodeBasis(this.#basis(subtopologies, counts));
    const info = { activeTasks, errorCode: assignorErrors.none, detail };
    return { partitions, userData: encodeAssignmentInfo(info) };
  }
}

function readSubscription(userData: Uint8Array | null): SubscriptionInfo | Error {
  try {
    return decodeSubscriptionInfo(userData ?? new Uint8Array(0));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function refuse(detail: string, code = "TOPOLOGY_MISMATCH"): Assignment {
  const isMissing = code === "MISSING_SOURCE_TOPIC";
  const errorCode = isMissing
    ? assignorErrors.missingSourceTopics
    : assignorErrors.assignmentFailed;
  const info = { activeTasks: [], errorCode, detail: `${code}: ${detail}` };
  return { partitions: [], userData: encodeAssignmentInfo(info) };
}

function internalNames(subtopologies: readonly SubtopologyTopics[]): readonly string[] {
  return subtopologies.flatMap(({ repartitionTopics, changelogTopics }) =>
    [...repartitionTopics, ...changelogTopics].map(({ name }) => name),
  );
}
