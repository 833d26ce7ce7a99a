import type { Timers } from "@millrace/platform";
import type { ShareGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import type { ShareCoordinator } from "../../share/share-coordinator.ts";
import type { TopicLookup } from "../../topic-lookup.ts";
import type { GroupCalls, Refused } from "../group-calls.ts";
import { checkShareHeartbeat } from "./check-share-heartbeat.ts";
import {
  describeShareGroup,
  type DescribedShareGroup,
  unknownShareGroup,
} from "./describe-share-group.ts";
import { shareGroupOf } from "./leave-share-group.ts";
import { shareGroup } from "./share-group.ts";
import {
  refusedShareHeartbeat,
  type ShareClient,
  shareHeartbeat,
  type ShareHeartbeatAnswer,
  type StateToBegin,
} from "./share-heartbeat.ts";
import {
  type AlteredPartition,
  alterOffsets,
  beginDeletingAll,
  beginDeletingOffsets,
  statesBegun,
  statesDeleted,
  statesNotBegun,
  type StateTopics,
  topicsOf,
} from "./share-offsets.ts";

/** Partitions that the share coordinator is asked about before others have their turn. */
const atOnce = 100;

export interface ShareGroupsOptions {
  readonly timers: Pick<Timers, "yield">;
  readonly share: ShareCoordinator;
  readonly topics: TopicLookup;
  /** Where a partition ends; undefined: it cannot be told. */
  readonly latestOffset: (topic: string, partition: number) => number | undefined;
}

/** Where a group is with a partition. */
export interface DescribedOffset {
  readonly partitionIndex: number;
  readonly startOffset: number;
  readonly leaderEpoch: number;
  /** -1: not known. */
  readonly lag: number;
}

/** Share groups, and what the share coordinator has of them. No call rejects. */
export class ShareGroups {
  readonly #calls: GroupCalls;
  readonly #options: ShareGroupsOptions;

  constructor(calls: GroupCalls, options: ShareGroupsOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  async heartbeat(
    request: ShareGroupHeartbeatRequest,
    client: ShareClient,
  ): Promise<ShareHeartbeatAnswer> {
    const { groupId } = request;
    try {
      checkShareHeartbeat(request);
      this.#calls.requireRoom(groupId);
      const { answer, toBegin } = await this.#calls.write(groupId, (world) =>
        shareHeartbeat(world, request, client),
      );
      // Members hear of it with their next heartbeat.
      if (toBegin !== undefined) void this.#begin(groupId, toBegin);
      return answer;
    } catch (failure) {
      const { errorCode: code, errorMessage } = this.#calls.refusedOf(failure);
      return refusedShareHeartbeat(code, errorMessage);
    }
  }

  async describe(groupId: string): Promise<DescribedShareGroup> {
    if (groupId === "") return unknownShareGroup("", errorCode.invalidGroupId, null);
    try {
      return await this.#calls.write(groupId, (world) => ({
        records: [],
        response: describeShareGroup(shareGroupOf(world, groupId), world.topics),
      }));
    } catch (failure) {
      const { errorCode: code, errorMessage } = this.#calls.refusedOf(failure);
      return unknownShareGroup(groupId, code, errorMessage);
    }
  }

  /** Partitions by topic id that the group has a state of. */
  async initializedPartitions(
    groupId: string,
  ): Promise<ReadonlyMap<string, ReadonlySet<number>> | Refused> {
    try {
      return await this.#calls.write(groupId, (world) => {
        const topics = shareGroup(world, groupId)?.state.initialized ?? new Map();
        const partitions = [...topics].map(([topicId, topic]) => [topicId, topic.partitions]);
        return { records: [], response: new Map(partitions as [string, ReadonlySet<number>][]) };
      });
    } catch (failure) {
      return this.#calls.refusedOf(failure);
    }
  }

  async describeOffset(
    groupId: string,
    topicId: string,
    partitionIndex: number,
  ): Promise<DescribedOffset> {
    const { share, topics, latestOffset } = this.#options;
    const summary = await share.summary({ groupId, topicId, partition: partitionIndex });
    if ("errorCode" in summary) return { partitionIndex, startOffset: -1, leaderEpoch: 0, lag: -1 };
    const { startOffset, leaderEpoch, deliveryCompleteCount } = summary;
    const isCounted = startOffset !== -1 && deliveryCompleteCount !== -1;
    const endOffset = latestOffset(topics.topicName(topicId) ?? "", partitionIndex);
    const lag =
      isCounted && endOffset !== undefined ? endOffset - startOffset - deliveryCompleteCount : -1;
    return { partitionIndex, startOffset, leaderEpoch, lag };
  }

  /** What is refused as a whole, or for each partition. */
  async alterOffsets(
    groupId: string,
    altered: readonly AlteredPartition[],
  ): Promise<Refused | readonly (Refused | undefined)[]> {
    if (groupId === "") return { errorCode: errorCode.invalidGroupId, errorMessage: null };
    try {
      this.#calls.requireRoom(groupId);
      const stateEpoch = await this.#calls.write(groupId, (world) =>
        alterOffsets(world, groupId, altered),
      );
      const results = await inTurns(this.#options.timers, altered, (place) => {
        const { topicId, partition, startOffset } = place;
        const key = { groupId, topicId, partition };
        return this.#options.share.initialize(key, { stateEpoch, startOffset });
      });
      if (altered.length > 0 && results.every((result) => result === undefined))
        await this.#calls.write(groupId, (world) =>
          statesBegun(world, groupId, topicsOf(altered, this.#options.topics, 0)),
        );
      return results;
    } catch (failure) {
      return this.#calls.refusedOf(failure);
    }
  }

  /** What is refused as a whole, or for each topic. */
  async deleteOffsets(
    groupId: string,
    topicNames: readonly string[],
  ): Promise<Refused | ReadonlyMap<string, Refused | undefined>> {
    if (groupId === "") return { errorCode: errorCode.invalidGroupId, errorMessage: null };
    try {
      const { topics, refused } = await this.#calls.write(groupId, (world) =>
        beginDeletingOffsets(world, groupId, topicNames),
      );
      const code = errorCode.unknownTopicOrPartition;
      const results = new Map<string, Refused | undefined>(
        refused.map(({ topicName, errorMessage }) => [
          topicName,
          { errorCode: code, errorMessage },
        ]),
      );
      const failures = await this.#delete(groupId, topics);
      for (const [topicId, { topicName }] of topics) results.set(topicName, failures.get(topicId));
      return results;
    } catch (failure) {
      return this.#calls.refusedOf(failure);
    }
  }

  /** What the share coordinator has of a group without members, before that is deleted. Gives an error code. */
  async deleteStates(groupId: string): Promise<number> {
    try {
      const topics = await this.#calls.write(groupId, (world) => beginDeletingAll(world, groupId));
      const failures = await this.#delete(groupId, topics);
      return [...failures.values()][0]?.errorCode ?? errorCode.none;
    } catch (failure) {
      return this.#calls.codeOf(failure);
    }
  }

  /** Deletes states; gives the failures by topic id. */
  async #delete(groupId: string, topics: StateTopics): Promise<ReadonlyMap<string, Refused>> {
    const failures = new Map<string, Refused>();
    await this.#forEachPartition(topics, async (topicId, partition) => {
      const refused = await this.#options.share.delete({ groupId, topicId, partition });
      if (refused !== undefined) failures.set(topicId, refused);
    });
    const gone = new Map([...topics].filter(([topicId]) => !failures.has(topicId)));
    if (gone.size > 0)
      await this.#calls.write(groupId, (world) => statesDeleted(world, groupId, gone));
    return failures;
  }

  /** The share coordinator begins with partitions: from then on they can be given out. */
  async #begin(groupId: string, { stateEpoch, topics }: StateToBegin): Promise<void> {
    let isAnyRefused = false;
    await this.#forEachPartition(topics, async (topicId, partition) => {
      const key = { groupId, topicId, partition };
      const refused = await this.#options.share.initialize(key, { stateEpoch, startOffset: -1 });
      if (refused !== undefined) isAnyRefused = true;
    });
    try {
      await this.#calls.write(groupId, (world) =>
        isAnyRefused ? statesNotBegun(world, groupId, topics) : statesBegun(world, groupId, topics),
      );
    } catch (failure) {
      this.#calls.codeOf(failure);
    }
  }

  async #forEachPartition(
    topics: StateTopics,
    act: (topicId: string, partition: number) => Promise<void>,
  ): Promise<void> {
    const places = [...topics].flatMap(([topicId, { partitions }]) =>
      [...partitions].map((partition) => ({ topicId, partition })),
    );
    await inTurns(this.#options.timers, places, ({ topicId, partition }) =>
      act(topicId, partition),
    );
  }
}

/** All begin without waiting for each other, with others in between. */
async function inTurns<Item, Result>(
  timers: Pick<Timers, "yield">,
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const begun: Promise<Result>[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % atOnce === 0) await timers.yield();
    begun.push(act(item));
  }
  return Promise.all(begun);
}
