import { type Given } from "@millrace/protocol";
import {
  offsetFetchApi,
  type OffsetFetchRequest,
  type offsetFetchResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { errorCode } from "../coordinator/error-code.ts";
import type { FetchedOffset } from "../coordinator/group/offsets/fetch-offsets.ts";
import type { GroupOffsets } from "../coordinator/group/offsets/group-offsets.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, topicResource, type RequestContext } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answeredNames } from "./count-names.ts";

/*
 * OffsetFetch 1-10: a group's positions; -1 where there is none.
 *
 * v1  an error of the group is one of each partition     v2  null topics: all; an error of the
 * group v7  stable offsets only, if asked                      v8  many groups     v10  topics by
 * id
 */

type Response = Given<typeof offsetFetchResponse>;

interface GroupRequest {
  readonly groupId: string;
  readonly topics: readonly TopicRequest[] | null;
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
}

interface TopicRequest {
  readonly name: string;
  readonly topicId: string;
  readonly partitionIndexes: readonly number[];
}

interface GroupAnswer {
  readonly groupId: string;
  readonly errorCode: number;
  readonly topics: readonly TopicAnswer[];
}

interface TopicAnswer {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionAnswer[];
}

interface PartitionAnswer {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
}

export function offsetFetchHandler(
  groupOffsets: GroupOffsets,
  topics: TopicLookup,
): AnsweringHandler<OffsetFetchRequest, Response> {
  return {
    api: offsetFetchApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      const world = { context, groupOffsets, topics, requireStable: request.requireStable };
      if (context.apiVersion >= 8) {
        const asked = answeredNames(request.groups, ({ groupId }) => groupId);
        const answers = await context.turns.map(asked, (group) => fetchGroup(world, group));
        return { throttleTimeMs, groups: await Promise.all(answers) };
      }
      const asked = request.topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null;
      const answer = await fetchGroup(world, { groupId: request.groupId, topics: asked });
      return { throttleTimeMs, errorCode: answer.errorCode, topics: answer.topics };
    },
  };
}

interface FetchWorld {
  readonly context: RequestContext;
  readonly groupOffsets: GroupOffsets;
  readonly topics: TopicLookup;
  readonly requireStable: boolean;
}

function fetchGroup(world: FetchWorld, group: GroupRequest): Promise<GroupAnswer> {
  if (!world.context.authorize("DESCRIBE", groupResource(group.groupId)))
    return Promise.resolve(groupError(world, group, errorCode.groupAuthorizationFailed));
  return group.topics === null ? fetchAll(world, group) : fetchSome(world, group, group.topics);
}

function askingMember({ memberId = null, memberEpoch = -1 }: GroupRequest) {
  return memberId === null && memberEpoch < 0 ? null : { memberId: memberId ?? "", memberEpoch };
}

async function fetchAll(world: FetchWorld, group: GroupRequest): Promise<GroupAnswer> {
  const { groupOffsets, topics, context, requireStable } = world;
  const { groupId } = group;
  const member = askingMember(group);
  const fetched = await groupOffsets.fetch({ groupId, places: "all", requireStable, member });
  if (typeof fetched === "number") return groupError(world, group, fetched);
  const byTopic = new Map<string, PartitionAnswer[]>();
  for (const offset of fetched) {
    const known = byTopic.get(offset.topic);
    if (known === undefined) byTopic.set(offset.topic, [partitionAnswer(offset)]);
    else known.push(partitionAnswer(offset));
  }
  const answers = [...byTopic]
    .map(([name, partitions]) => ({ name, topicId: topics.topicId(name) ?? zeroUuid, partitions }))
    // Without an id a topic cannot be named from version 10 on.
    .filter(({ topicId }) => context.apiVersion < 10 || topicId !== zeroUuid)
    .filter(({ name }) => context.authorize("DESCRIBE", topicResource(name)));
  return { groupId, errorCode: errorCode.none, topics: answers };
}

async function fetchSome(
  world: FetchWorld,
  group: GroupRequest,
  asked: readonly TopicRequest[],
): Promise<GroupAnswer> {
  const { groupOffsets, requireStable } = world;
  const { groupId } = group;
  const member = askingMember(group);
  const named = asked.map((topic) => nameTopic(world, once(topic)));
  const good = named.filter(({ refused }) => refused === errorCode.none);
  const places = good.flatMap(({ name, topicId, partitionIndexes }) =>
    partitionIndexes.map((partition) => ({ topic: name, topicId, partition })),
  );
  const fetched = await groupOffsets.fetch({ groupId, places, requireStable, member });
  if (typeof fetched === "number") return groupError(world, group, fetched);
  let next = 0;
  const answers = good.map(({ name, topicId, partitionIndexes }) => ({
    name,
    topicId,
    partitions: partitionIndexes.map(() => partitionAnswer(fetched[next++])),
  }));
  const refused = named
    .filter((topic) => topic.refused !== errorCode.none)
    .map((topic) => refusedTopic(topic, topic.refused));
  return { groupId, errorCode: errorCode.none, topics: [...answers, ...refused] };
}

function once(topic: TopicRequest): TopicRequest {
  return { ...topic, partitionIndexes: answeredNames(topic.partitionIndexes, (index) => index) };
}

function nameTopic(
  { context, topics }: FetchWorld,
  topic: TopicRequest,
): TopicRequest & { readonly refused: number } {
  const usesIds = context.apiVersion >= 10;
  const name = usesIds ? (topics.topicName(topic.topicId) ?? "") : topic.name;
  const named = { ...topic, name };
  if (usesIds && name === "") return { ...named, refused: errorCode.unknownTopicId };
  return context.authorize("DESCRIBE", topicResource(name))
    ? { ...named, refused: errorCode.none }
    : { ...named, refused: errorCode.topicAuthorizationFailed };
}

function groupError(world: FetchWorld, group: GroupRequest, code: number): GroupAnswer {
  const { groupId, topics } = group;
  if (world.context.apiVersion >= 2) return { groupId, errorCode: code, topics: [] };
  return {
    groupId,
    errorCode: errorCode.none,
    topics: topics?.map((topic) => refusedTopic(topic, code)) ?? [],
  };
}

function refusedTopic(
  { name, topicId, partitionIndexes }: TopicRequest,
  code: number,
): TopicAnswer {
  const partitions = partitionIndexes.map((partitionIndex) => ({
    partitionIndex,
    errorCode: code,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: "",
  }));
  return { name, topicId, partitions };
}

function partitionAnswer(fetched: FetchedOffset): PartitionAnswer {
  return {
    partitionIndex: fetched.partition,
    errorCode: fetched.errorCode,
    committedOffset: fetched.offset,
    committedLeaderEpoch: fetched.leaderEpoch,
    metadata: fetched.metadata,
  };
}
