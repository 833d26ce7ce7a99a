import type { Given } from "@millrace/protocol";
import {
  describeShareGroupOffsetsApi,
  type DescribeShareGroupOffsetsRequest,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { ShareGroups } from "../coordinator/group/share/share-groups.ts";
import type { TopicLookup } from "../coordinator/topic-lookup.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import type { GroupProtocols } from "./group-protocols.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answeredNames } from "./count-names.ts";
import { errorAnswer, topicRefused } from "./error-answer.ts";

/*
 * DescribeShareGroupOffsets 0-1: where share groups stand in partitions (KIP-932).
 *
 * v1  lag
 */

type Response = Given<(typeof describeShareGroupOffsetsApi)["response"]>;
type AnsweredGroup = Response["groups"][number];
type AnsweredTopic = AnsweredGroup["topics"][number];
type AskedGroup = DescribeShareGroupOffsetsRequest["groups"][number];

export function describeShareGroupOffsetsHandler(
  groups: ShareGroups,
  topics: TopicLookup,
  protocols: GroupProtocols,
): AnsweringHandler<DescribeShareGroupOffsetsRequest, Response> {
  return {
    api: describeShareGroupOffsetsApi,
    async handle(context, request) {
      const asked = answeredNames(request.groups, ({ groupId }) => groupId);
      const described = await context.turns.map(asked, (group) =>
        describe({ groups, topics, protocols, context }, group),
      );
      return { throttleTimeMs: context.throttleMs, groups: await Promise.all(described) };
    },
  };
}

interface World {
  readonly groups: ShareGroups;
  readonly topics: TopicLookup;
  readonly protocols: GroupProtocols;
  readonly context: RequestContext;
}

async function describe(world: World, asked: AskedGroup): Promise<AnsweredGroup> {
  const { groupId } = asked;
  if (!world.protocols.serves("share"))
    return { groupId, topics: [], ...errorAnswer("UNSUPPORTED_VERSION") };
  if (!world.context.authorize("DESCRIBE", groupResource(groupId)))
    return { groupId, topics: [], ...errorAnswer("GROUP_AUTHORIZATION_FAILED") };
  if (asked.topics !== null)
    return { groupId, errorCode: 0, topics: await describeAsked(world, groupId, asked.topics) };
  const initialized = await world.groups.initializedPartitions(groupId);
  if ("errorCode" in initialized) return { groupId, topics: [], ...initialized };
  const described = await Promise.all(
    [...initialized].map(([topicId, partitions]) =>
      describeTopic(world, groupId, { topicId, partitions: [...partitions] }),
    ),
  );
  const mayDescribe = ({ topicName }: AnsweredTopic) =>
    topicName !== "" && world.context.authorize("DESCRIBE", topicResource(topicName));
  return { groupId, errorCode: 0, topics: described.filter(mayDescribe) };
}

/** Topics that are there, then those that are not, then those that may not be seen. */
async function describeAsked(
  world: World,
  groupId: string,
  asked: NonNullable<AskedGroup["topics"]>,
): Promise<AnsweredTopic[]> {
  const known: Promise<AnsweredTopic>[] = [];
  const unknown: AnsweredTopic[] = [];
  const refused: AnsweredTopic[] = [];
  for (const { topicName, partitions } of asked) {
    const topicId = world.topics.topicId(topicName);
    const absent = { topicName, topicId: zeroUuid };
    if (!world.context.authorize("DESCRIBE", topicResource(topicName)))
      refused.push({
        ...absent,
        partitions: partitions.map((index) => ({ ...nowhere(index), ...topicRefused })),
      });
    else if (topicId === undefined)
      unknown.push({ ...absent, partitions: partitions.map(nowhere) });
    else known.push(describeTopic(world, groupId, { topicId, partitions }));
  }
  return [...(await Promise.all(known)), ...unknown, ...refused];
}

async function describeTopic(
  { groups, topics, context }: World,
  groupId: string,
  { topicId, partitions }: { readonly topicId: string; readonly partitions: readonly number[] },
): Promise<AnsweredTopic> {
  const describing = await context.turns.map(partitions, (index) =>
    groups.describeOffset(groupId, topicId, index),
  );
  const offsets = await Promise.all(describing);
  return {
    topicId,
    topicName: topics.topicName(topicId) ?? "",
    partitions: offsets.map((offset) => ({ errorCode: 0, ...offset })),
  };
}

function nowhere(partitionIndex: number): AnsweredTopic["partitions"][number] {
  return { partitionIndex, startOffset: -1, leaderEpoch: 0, errorCode: 0 };
}
