import type { GroupMembership } from "@millrace/cluster";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import {
  findCoordinatorApi,
  heartbeatApi,
  joinGroupApi,
  leaveGroupApi,
  syncGroupApi,
} from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import {
  ScriptedBroker,
  scriptedCluster,
  type ScriptedCluster,
} from "../../test-support/scripted-broker.ts";
import { addressName } from "../connection/bootstrap-servers.ts";
import { connect } from "../kafka-client.ts";
import { rangeAssignor } from "./assignors.ts";

interface Scene {
  readonly platform: VirtualMemoryPlatform;
  readonly broker: ScriptedBroker;
  readonly cluster: ScriptedCluster;
  readonly membership: GroupMembership;
}

/** A member that leads its group, with a coordinator that does what the story says. */
async function play(story: (scene: Scene) => Promise<void>): Promise<void> {
  const platform = memoryPlatform();
  const cluster = scriptedCluster([{ name: "t", leaders: [1] }]);
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  broker.on(findCoordinatorApi, () => ({
    coordinators: [{ key: "g", nodeId: 1, errorCode: 0, errorMessage: null, ...broker.address }],
  }));
  broker.on(joinGroupApi, ({ protocols }) => ({
    errorCode: 0,
    generationId: 1,
    protocolType: "consumer",
    protocolName: "range",
    leader: "member",
    skipAssignment: false,
    memberId: "member",
    members: [{ memberId: "member", groupInstanceId: null, metadata: protocols[0].metadata }],
  }));
  broker.on(syncGroupApi, ({ assignments }) => ({
    errorCode: 0,
    protocolType: "consumer",
    protocolName: "range",
    assignment: assignments[0].assignment,
  }));
  broker.on(heartbeatApi, () => ({ errorCode: 0 }));
  broker.on(leaveGroupApi, () => ({ errorCode: 0, members: [] }));
  const client = connect(platform, {
    bootstrapServers: addressName(broker.address),
    metadataMaxAge: "10s",
  });
  const membership = client.openMembership({
    groupId: "g",
    topics: () => ["t"],
    assignors: [rangeAssignor],
    sessionTimeoutMs: 9000,
    heartbeatIntervalMs: 1000,
  });
  await platform.until(
    (async () => {
      await membership.join();
      await story({ platform, broker, cluster, membership });
      await client.close();
    })(),
  );
}

describe("a member of a group", () => {
  test("CLIENT-4: is none any more before the group may have given its partitions away", () =>
    play(async ({ platform, broker, membership }) => {
      await platform.timers.sleep(5000);
      expect(membership.isMember).toBe(true);
      let toldMs = 0;
      membership.onChange(() => {
        toldMs = platform.clock.monotonicMs();
      });
      // The coordinator counts the session from the last heartbeat that it has answered.
      const heardMs = platform.clock.monotonicMs();
      broker.on(heartbeatApi, () => "silence");
      await platform.timers.sleep(30_000);
      expect(membership.isMember).toBe(false);
      expect(membership.needsJoin).toBe(true);
      expect(toldMs - heardMs).toBeLessThanOrEqual(9000);
    }));

  test("that leads asks for a new assignment when the partitions of a topic have changed, once", () =>
    play(async ({ platform, cluster, broker, membership }) => {
      await platform.timers.sleep(25_000);
      expect(membership.needsJoin).toBe(false);
      cluster.topics.set("t", { name: "t", leaders: [1, 1] });
      await platform.timers.sleep(11_000);
      expect(membership.needsJoin).toBe(true);
      const { partitions } = await membership.join();
      expect(partitions).toHaveLength(2);
      await platform.timers.sleep(25_000);
      expect(membership.needsJoin).toBe(false);
      expect(broker.of("JoinGroup")).toHaveLength(2);
    }));
});
