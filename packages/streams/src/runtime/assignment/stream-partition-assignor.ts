import type {
  Assignment,
  ClusterAdmin,
  GroupSubscription,
  MemberSubscription,
  PartitionAssignor,
} from "@millrace/cluster";
import type { Logger } from "@millrace/platform";

import { ApplicationError } from "../../error/application-error.ts";
import { isRecoverable } from "../recoverable-errors.ts";
import { otherTopology } from "../read-assignment.ts";
import { assignorErrors, type AssignmentInfo } from "./assignment-info.ts";
import type { AssignmentConfigs } from "./assignor/assignment-configs.ts";
import type { AssignableTask, ClientState } from "./assignor/client-state.ts";
import { groupProcesses, type GroupMember } from "./assignor/group-processes.ts";
import { assignHighlyAvailable } from "./assignor/high-availability-assignor.ts";
import type { RackAwareness } from "./assignor/rack-awareness.ts";
import { assignSticky } from "./assignor/sticky-assignor.ts";
import { endOffsetSums, type OffsetSources } from "./end-offset-sums.ts";
import { encodeGroup, refusal, type CommonVersions } from "./group-assignment.ts";
import { parseHostEndpoint } from "./host-endpoint.ts";
import type { SubtopologyTopics } from "./partition-layout.ts";
import { rackAwareness } from "./racks-of-topics.ts";
import {
  decodeSubscriptionInfo,
  encodeSubscriptionInfo,
  latestVersion,
  runsNow,
  unknownOffsetSum,
  type SubscriptionInfo,
  type TaskOffsetSum,
} from "./subscription-info.ts";
import { TaskLayout } from "./task-layout.ts";

/** Members of this version and later ones find out by themselves which version all know. */
const earliestProbeable = 3;

/** The client tag in which members carry the hash of what they share. */
export const topologyTag = "millrace.topology";

export interface StreamPartitionAssignorOptions {
  readonly admin: ClusterAdmin;
  readonly committed: OffsetSources["committed"];
  readonly processId: string;
  readonly subtopologies: readonly SubtopologyTopics[];
  /** Hash of sub-topologies, sources, stores and internal topics: equal in all members that may share tasks. */
  readonly fingerprint: string;
  readonly replicationFactor: number;
  /** Offset sums of the state that lies here; `runsNow` for tasks that run. */
  readonly taskOffsetSums: () => readonly TaskOffsetSum[];
  /** `host:port` for queries, or empty. */
  readonly userEndPoint: string;
  readonly clientTags: ReadonlyMap<string, string>;
  readonly taskAssignor: "high_availability" | "sticky";
  readonly configs: AssignmentConfigs;
  readonly wallMs: () => number;
  /** True: this member asks the whole application to end. */
  readonly endsApplication: () => boolean;
  readonly logger: Logger;
}

/**
 * Kafka Streams' `StreamsPartitionAssignor`, with its name and bytes: members tell what state they hold, the
 * leader lays out tasks, makes the internal topics and gives tasks where their state is. Members may be Kafka's own. A
 * member of Millrace with another topology than the leader's gets no tasks and is told why; the others go on.
 */
export class StreamPartitionAssignor implements PartitionAssignor {
  readonly name = "stream";
  readonly rebalanceProtocol = "cooperative";
  readonly #options: StreamPartitionAssignorOptions;
  #joins = 0;
  /** Of what this member tells; lower while the group has older members. */
  #usedVersion = latestVersion;

  constructor(options: StreamPartitionAssignorOptions) {
    this.#options = options;
  }

  subscriptionUserData(): Uint8Array {
    this.#joins += 1;
    const { processId, userEndPoint, clientTags, fingerprint, endsApplication } = this.#options;
    return encodeSubscriptionInfo({
      version: this.#usedVersion,
      latestSupportedVersion: latestVersion,
      processId,
      userEndPoint,
      taskOffsetSums: this.#options.taskOffsetSums(),
      uniqueField: this.#joins % 128,
      errorCode: endsApplication() ? assignorErrors.shutdownRequested : assignorErrors.none,
      clientTags: new Map([...clientTags, [topologyTag, fingerprint]]),
    });
  }

  /**
   * Takes note of what the leader has answered.
   *
   * @returns true: the next subscription says something else, and the group is to be asked with it at once
   */
  mustTellAnew({ version, commonlySupportedVersion, activeHosts }: AssignmentInfo): boolean {
    const isOther = commonlySupportedVersion > this.#usedVersion || version < this.#usedVersion;
    if (version >= earliestProbeable && isOther) {
      this.#usedVersion = Math.min(commonlySupportedVersion, latestVersion);
      return true;
    }
    const own = parseHostEndpoint(this.#options.userEndPoint);
    if (own === undefined || activeHosts.length === 0) return false;
    return !activeHosts.some(({ host, port }) => host === own.host && port === own.port);
  }

  async assign(
    group: GroupSubscription,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Assignment>> {
    const infos = group.members.map((member) => [member, readSubscription(member)] as const);
    const versions = commonVersions(infos.map(([, info]) => info));
    this.#checkMajority(infos.map(([, info]) => info));
    const result = new Map<string, Assignment>();
    const refuse = (memberId: string, errorCode: number, detail: string): void => {
      result.set(memberId, refusal(errorCode, detail, versions));
    };
    const members: GroupMember[] = [];
    for (const [{ memberId, ownedPartitions, rackId }, info] of infos) {
      const reason = this.#refusalOf(info);
      if (reason !== undefined)
        refuse(memberId, assignorErrors.assignmentFailed, `TOPOLOGY_MISMATCH: ${reason}`);
      else if (!(info instanceof Error))
        members.push({ memberId, ownedPartitions, rackId: rackId ?? undefined, info });
    }
    if (members.some(({ info }) => info.errorCode === assignorErrors.shutdownRequested)) {
      const detail = "APPLICATION_SHUT_DOWN: a member of the group has asked all to end";
      for (const { memberId } of members)
        refuse(memberId, assignorErrors.shutdownRequested, detail);
      return result;
    }
    try {
      const assigned = await this.#assignAmong(members, { group, versions, signal });
      for (const [memberId, assignment] of assigned) result.set(memberId, assignment);
    } catch (error) {
      if (!(error instanceof ApplicationError)) throw error;
      const { assignmentFailed, missingSourceTopics } = assignorErrors;
      const isMissing = error.code === "MISSING_SOURCE_TOPIC";
      for (const { memberId } of members)
        refuse(
          memberId,
          isMissing ? missingSourceTopics : assignmentFailed,
          `${error.code}: ${error.message}`,
        );
    }
    return result;
  }

  async #assignAmong(
    members: readonly GroupMember[],
    { group, versions, signal }: GroupToAssign,
  ): Promise<ReadonlyMap<string, Assignment>> {
    const { processId, fingerprint, configs, wallMs } = this.#options;
    const layout = await TaskLayout.make(this.#options, group.partitionCounts, signal);
    const ends = await this.#endOffsetSums(layout, signal);
    const clients = groupProcesses(members).map((instance) => ({
      instance,
      state: instance.clientState(layout.tasks, ends.sums),
    }));
    const racks = await rackAwareness(layout, clients, this.#options, signal);
    const states = clients.map(({ state }) => state);
    const isProbing = this.#assignTasks(layout, states, { areEndsKnown: ends.areKnown, racks });
    const atMs = wallMs() + configs.probingRebalanceIntervalMs;
    const probing = isProbing ? { processId, atMs } : undefined;
    return encodeGroup({ layout, clients, versions, fingerprint, probing });
  }

  /** @returns true: the group is to be assigned anew later */
  #assignTasks(
    layout: TaskLayout,
    clients: readonly ClientState[],
    {
      areEndsKnown,
      racks,
    }: { readonly areEndsKnown: boolean; readonly racks: RackAwareness | undefined },
  ): boolean {
    const { taskAssignor, configs } = this.#options;
    const group = { tasks: layout.tasks.all, clients };
    if (clients.length === 0) return false;
    if (taskAssignor === "high_availability" && areEndsKnown)
      return assignHighlyAvailable(group, configs, racks);
    const mustStay = taskAssignor === "high_availability";
    assignSticky(group, configs, mustStay ? { mustStay } : { racks });
    return mustStay;
  }

  /** Where they are not to be had now, tasks stay where they are, and the group is asked again. */
  async #endOffsetSums(
    layout: TaskLayout,
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly sums: ReadonlyMap<AssignableTask, number>;
    readonly areKnown: boolean;
  }> {
    try {
      return { sums: await endOffsetSums(layout, this.#options, signal), areKnown: true };
    } catch (cause) {
      signal?.throwIfAborted();
      if (!isRecoverable(cause)) throw cause;
      this.#options.logger.log("warn", "streams.changelog-ends-unknown", { cause });
      const stateful = layout.tasks.all.filter(({ isStateful }) => isStateful);
      return { sums: new Map(stateful.map((task) => [task, unknownOffsetSum])), areKnown: false };
    }
  }

  /**
   * A leader that has just come with another topology than those who work must not refuse them: it is the one to
   * go, and one of them leads then.
   *
   * @throws ApplicationError `TOPOLOGY_MISMATCH`
   */
  #checkMajority(infos: readonly (SubscriptionInfo | Error)[]): void {
    const own = this.#options.fingerprint;
    const working = new Set<string>();
    for (const info of infos) {
      if (info instanceof Error) continue;
      const theirs = info.clientTags.get(topologyTag);
      const isWorking = info.taskOffsetSums.some(({ offsetSum }) => offsetSum === runsNow);
      if (isWorking && theirs !== undefined) working.add(theirs);
    }
    if (working.size === 0 || working.has(own)) return;
    throw otherTopology(
      `the members of the group that are at work run topology ${[...working].join(", ")}, this one ${own}`,
    );
  }

  /** Why a member cannot share the work. Kafka's own members tell nothing of their topology: they are taken at their word. */
  #refusalOf(info: SubscriptionInfo | Error): string | undefined {
    if (info instanceof Error)
      return `the leader of the group cannot read this member's subscription: ${info.message}`;
    const { fingerprint } = this.#options;
    const theirs = info.clientTags.get(topologyTag);
    if (theirs === undefined || theirs === fingerprint) return undefined;
    return `the leader of the group runs topology ${fingerprint}, this member ${theirs}`;
  }
}

interface GroupToAssign {
  readonly group: GroupSubscription;
  readonly versions: CommonVersions;
  readonly signal: AbortSignal | undefined;
}

function readSubscription({ userData }: MemberSubscription): SubscriptionInfo | Error {
  try {
    return decodeSubscriptionInfo(userData ?? new Uint8Array(0));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The leader answers in the oldest version that was used, and tells the newest that all know (version probing). */
function commonVersions(infos: readonly (SubscriptionInfo | Error)[]): CommonVersions {
  const read = infos.flatMap((info) => (info instanceof Error ? [] : [info]));
  return {
    version: Math.min(latestVersion, ...read.map(({ version }) => version)),
    commonlySupportedVersion: Math.min(
      latestVersion,
      ...read.map(({ latestSupportedVersion }) => latestSupportedVersion),
    ),
  };
}
