import { ClusterError } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Fields, KafkaError } from "@millrace/protocol";
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
  const answer = await ask(context, lane, asked, {
    api: consumerGroupDescribeApi,
    body: () => bodyOf(asked),
    errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  });
  const [found] = answer?.groups ?? [];
  return found?.errorCode !== 0
    ? undefined
    : {
        groupId: asked.groupId,
        type: "consumer",
        protocolType: "consumer",
        state: found.groupState,
        assignor: found.assignorName,
        members: found.members.map((member) => ({
          ...clientOf(member),
          groupInstanceId: member.instanceId,
          partitions: namedPartitions(member.assignment.topicPartitions),
        })),
      };
}

export async function describeShareGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription | undefined> {
  const answer = await ask(context, lane, asked, {
    api: shareGroupDescribeApi,
    body: () => bodyOf(asked),
    errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  });
  const [found] = answer?.groups ?? [];
  return found?.errorCode !== 0
    ? undefined
    : {
        groupId: asked.groupId,
        type: "share",
        protocolType: "share",
        state: found.groupState,
        assignor: found.assignorName,
        members: found.members.map((member) => ({
          ...clientOf(member),
          groupInstanceId: null,
          partitions: namedPartitions(member.assignment.topicPartitions),
        })),
      };
}

export async function describeStreamsGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription | undefined> {
  const answer = await ask(context, lane, asked, {
    api: streamsGroupDescribeApi,
    body: () => bodyOf(asked),
    errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
  });
  const [found] = answer?.groups ?? [];
  return found?.errorCode !== 0
    ? undefined
    : {
        groupId: asked.groupId,
        type: "streams",
        protocolType: "streams",
        state: found.groupState,
        assignor: "",
        members: found.members.map((member) => ({
          ...clientOf(member),
          groupInstanceId: member.instanceId,
          partitions: inputsOf(found, member),
        })),
      };
}

function bodyOf({ groupId }: Asked) {
  return { groupIds: [groupId], includeAuthorizedOperations: false };
}

/** Undefined: the cluster has no such groups. */
async function ask<Q extends Fields, A extends Fields>(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: Asked,
  call: CoordinatorCall<Q, A>,
) {
  const isHandled = ({ code }: KafkaError) =>
    code === "GROUP_ID_NOT_FOUND" || code === "UNSUPPORTED_VERSION";
  try {
    const coordinated = { kind: "group", key: groupId, lane } as const;
    return (await callCoordinator(context, coordinated, { ...call, isHandled }, { signal })).answer;
  } catch (error) {
    if (error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER") return undefined;
    throw error;
  }
}

function clientOf({
  memberId,
  clientId,
  clientHost,
}: {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
}) {
  return { memberId, clientId, clientHost };
}

function namedPartitions(
  topics: readonly { readonly topicName: string; readonly partitions: readonly number[] }[],
): readonly TopicPartition[] {
  return topics.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) => ({ topic: topicName, partition })),
  );
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
