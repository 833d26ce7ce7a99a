import type { Clock, Random } from "@millrace/platform";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import type { ShardResult } from "../coordinator-shard.ts";
import type { VersionedTopics } from "../topic-lookup.ts";
import type { GroupConfigs } from "./group-config.ts";
import type { GroupTimers } from "./group-timers.ts";
import type { CommittedOffsets } from "./offsets/committed-offsets.ts";
import type { NamingGroup, TopicNameBound } from "./topic-name-bound.ts";

/** Kafka: `Group.GroupType`, as ListGroups says it. */
export type GroupType = "classic" | "consumer" | "share" | "streams";

/** Who commits offsets; a member of the newer protocols says its epoch as generation. */
export interface OffsetCommitter {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  readonly kind: "plain" | "transactional";
  /** OffsetCommit v9 and TxnOffsetCommit v6, or later: epochs of members are understood. */
  readonly knowsMemberEpochs: boolean;
}

/** A member that reads its group's offsets. */
export interface AskingMember {
  readonly memberId: string;
  readonly memberEpoch: number;
}

/** Error code for each partition of a commit. */
export type CommitCheck = (place: {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}) => number;

/** What a group of any type answers, whatever its protocol (Kafka: `Group`). */
export interface Group extends NamingGroup {
  readonly type: GroupType;
  readonly groupId: string;
  /** Null: no member has said it yet. */
  readonly protocolType: string | null;
  /** As ListGroups tells it. */
  readonly stateName: string;
  readonly isEmpty: boolean;
  isSubscribedTo(topic: string): boolean;
  /** When the retention of an offset began that was committed at a time; undefined: it does not run now. */
  retentionStartMs(commitTimestamp: number): number | undefined;
  /** An error code for the whole commit (0: taken), or one to be asked for partition by partition. */
  checkCommit(committer: OffsetCommitter): number | CommitCheck;
  /** An error code; null: nobody of the group asks. */
  refuseFetch(asking: AskingMember | null): number;
  refuseOffsetDelete(): number;
  refuseDelete(): number;
  /** What makes the log forget the group, its offsets apart. */
  tombstones(): readonly CoordinatorRecord[];
}

/** What is folded from one partition of `__consumer_offsets`, and what requests need beside it. */
export interface GroupWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: GroupTimers<CoordinatorRecord>;
  readonly configs: GroupConfigs;
  readonly topics: VersionedTopics;
  /** Groups of this shard by id. */
  readonly groups: Map<string, Group>;
  readonly names: TopicNameBound;
  readonly offsets: CommittedOffsets;
  /** Kafka's error code for a failure of the log. */
  readonly codeOfFailure: (failure: Error) => number;
}

export type GroupResult<Response = void> = ShardResult<CoordinatorRecord, Response>;

export const nothing: GroupResult = Object.freeze({ records: [], response: undefined });

/** Why there is no group of this type. */
export function notFoundMessage(world: GroupWorld, groupId: string, type: GroupType): string {
  return world.groups.has(groupId)
    ? `Group ${groupId} is not a ${type} group.`
    : `Group ${groupId} not found.`;
}

/** A group is gone: by its tombstone, or because it becomes one of another type. */
export function forgetGroup(world: GroupWorld, groupId: string): void {
  world.groups.delete(groupId);
  world.timers.cancelAll(groupId);
}
