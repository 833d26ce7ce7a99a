import { ClusterError } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Fields } from "@millrace/protocol";
import {
  consumerGroupDescribeApi,
  shareGroupDescribeApi,
  streamsGroupDescribeApi,
  type StreamsGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { callCoordinator, type CoordinatorCall } from "../metadata/coordinator-calls.ts";
import type { GroupDescription } from "./group-description.ts";

interface Asked {
  readonly groupId: string;
  readonly signal?: AbortSignal;
}

/* Groups whose members the broker gives something, each kind by its own API. Undefined: there is no such group. */

export async function describeConsumerGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription | undefined> {
  const group = await find(context, lane, asked, {
    api: consumerGroupDescribeApi,
    body: () => bodyOf(asked),
    groupsOf: ({ groups }) => groups,
  });
  return group && { ...description("consumer", group), members: group.members.map(memberOf) };
}

export async function describeShareGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription | undefined> {
  const group = await find(context, lane, asked, {
    api: shareGroupDescribeApi,
    body: () => bodyOf(asked),
    groupsOf: ({ groups }) => groups,
  });
  return group && { ...description("share", group), members: group.members.map(memberOf) };
}

export async function describeStreamsGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription | undefined> {
  const group = await find(context, lane, asked, {
    api: streamsGroupDescribeApi,
    body: () => bodyOf(asked),
    groupsOf: ({ groups }) => groups,
  });
  const members = group?.members.map((member) => ({
    ...clientOf(member),
    partitions: inputsOf(group, member),
  }));
  return group && { ...description("streams", group), members: members ?? [] };
}

function bodyOf({ groupId }: Asked) {
  return { groupIds: [groupId], includeAuthorizedOperations: false };
}

type DescribeCall<Q extends Fields, A extends Fields, Group> = Omit<
  CoordinatorCall<Q, A>,
  "errorsOf" | "isHandled"
> & {
  readonly groupsOf: (answer: Parameters<CoordinatorCall<Q, A>["errorsOf"]>[0]) => readonly Group[];
};

/** Undefined: the cluster has no such groups, or not this one. */
async function find<Q extends Fields, A extends Fields, Group extends { errorCode: number }>(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: Asked,
  { groupsOf, ...call }: DescribeCall<Q, A, Group>,
): Promise<Group | undefined> {
  const coordinated = { kind: "group", key: groupId, lane } as const;
  const checked: CoordinatorCall<Q, A> = {
    ...call,
    errorsOf: (answer) => groupsOf(answer).map(({ errorCode }) => errorCode),
    isHandled: ({ code }) => code === "GROUP_ID_NOT_FOUND" || code === "UNSUPPORTED_VERSION",
  };
  try {
    const { answer } = await callCoordinator(context, coordinated, checked, { signal });
    const [group] = groupsOf(answer);
    return group?.errorCode === 0 ? group : undefined;
  } catch (error) {
    if (error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER") return undefined;
    throw error;
  }
}

function description(
  type: "consumer" | "share" | "streams",
  group: { readonly groupId: string; readonly groupState: string; readonly assignorName?: string },
) {
  const { groupId, groupState: state, assignorName: assignor = "" } = group;
  return { groupId, type, protocolType: type, state, assignor };
}

/** What groups of all kinds tell of a member. */
interface ToldClient {
  readonly memberId: string;
  readonly instanceId?: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}

function clientOf({ memberId, instanceId = null, clientId, clientHost }: ToldClient) {
  return { memberId, groupInstanceId: instanceId, clientId, clientHost };
}

type ToldTopics = readonly {
  readonly topicName: string;
  readonly partitions: readonly number[];
}[];

function memberOf(
  member: ToldClient & { readonly assignment: { readonly topicPartitions: ToldTopics } },
): GroupDescription["members"][number] {
  const partitions = member.assignment.topicPartitions.flatMap((one) =>
    one.partitions.map((partition) => ({ topic: one.topicName, partition })),
  );
  return { ...clientOf(member), partitions };
}

type StreamsGroup = StreamsGroupDescribeResponse["groups"][number];

function inputsOf(
  { topology }: StreamsGroup,
  { assignment }: StreamsGroup["members"][number],
): readonly TopicPartition[] {
  const inputs = new Map(
    (topology?.subtopologies ?? []).map((one) => [
      one.subtopologyId,
      [...one.sourceTopics, ...one.repartitionSourceTopics.map(({ name }) => name)],
    ]),
  );
  return assignment.activeTasks.flatMap(({ subtopologyId, partitions }) =>
    (inputs.get(subtopologyId) ?? []).flatMap((topic) =>
      partitions.map((partition) => ({ topic, partition })),
    ),
  );
}
