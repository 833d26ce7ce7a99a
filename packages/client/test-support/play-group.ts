import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import {
  findCoordinatorApi,
  heartbeatApi,
  joinGroupApi,
  type JoinGroupRequest,
  leaveGroupApi,
  syncGroupApi,
  type SyncGroupRequest,
} from "@millrace/protocol/definitions";
import { addressName } from "../src/connection/bootstrap-servers.ts";
import { connect, type KafkaClient } from "../src/kafka-client.ts";
import { ScriptedBroker, scriptedCluster, type ScriptedCluster } from "./scripted-broker.ts";

export interface GroupScene {
  readonly platform: VirtualMemoryPlatform;
  readonly broker: ScriptedBroker;
  readonly cluster: ScriptedCluster;
  readonly client: KafkaClient;
}

/** A group of one, with a coordinator that does what the story says. Topic `t` has one partition at first. */
export async function playGroup(story: (scene: GroupScene) => Promise<void>): Promise<void> {
  const platform = memoryPlatform();
  const cluster = scriptedCluster([{ name: "t", topicId: "AAAAAAAAAAAAAAAAAAAABA", leaders: [1] }]);
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  broker.on(findCoordinatorApi, () => ({
    coordinators: [{ key: "g", nodeId: 1, errorCode: 0, errorMessage: null, ...broker.address }],
  }));
  broker.on(joinGroupApi, (request) => seatOf(request, "member"));
  broker.on(syncGroupApi, assignmentOf);
  broker.on(heartbeatApi, () => ({ errorCode: 0 }));
  broker.on(leaveGroupApi, () => ({ errorCode: 0, members: [] }));
  const client = connect(platform, {
    bootstrapServers: addressName(broker.address),
    metadataMaxAge: "10s",
    apiTimeout: "1s",
  });
  await platform.until(
    (async () => {
      await story({ platform, broker, cluster, client });
      await client.close();
    })(),
  );
}

/** Takes a member into a group of which it is all, and the leader. */
export function seatOf({ protocols, groupInstanceId }: JoinGroupRequest, memberId: string) {
  const [{ name, metadata }] = protocols;
  return {
    errorCode: 0,
    generationId: 1,
    protocolType: "consumer",
    protocolName: name,
    leader: memberId,
    skipAssignment: false,
    memberId,
    members: [{ memberId, groupInstanceId: groupInstanceId ?? null, metadata }],
  };
}

/** Gives a member what it has assigned to itself. */
export function assignmentOf({ assignments }: SyncGroupRequest) {
  return {
    errorCode: 0,
    protocolType: "consumer",
    protocolName: "range",
    assignment: assignments[0].assignment,
  };
}
