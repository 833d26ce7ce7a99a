import { connect, rangeAssignor, type KafkaClient } from "@millrace/client";
import type { GroupMembership, GroupMembershipOptions } from "@millrace/cluster";
import { concatBytes } from "@millrace/model";
import type { Network } from "@millrace/platform";
import { joinGroupApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";

import { inClientWorld } from "./client-world.ts";

/** Members that come again under an instance id that is theirs, and a coordinator that starts again meanwhile. */
function open(client: KafkaClient, options: Partial<GroupMembershipOptions>): GroupMembership {
  const assignors = [rangeAssignor];
  return client.openMembership({ groupId: "g", topics: () => ["t"], assignors, ...options });
}

test("who leads, and has its seat again from a coordinator that starts again before that is in its log, keeps it", () =>
  inClientWorld(async ({ client, connect, platform, stopBroker, startBroker }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
    const own = { groupInstanceId: "seat" };
    const first = open(client, own);
    await first.join();
    await first.close({ keepSeat: true });
    // The group begins a generation with it, for which the log knows nobody's new id.
    const other = open(client, {});
    const theirs = other.join();
    const stateOfGroup = async () => (await client.admin.describeGroup("g")).state;
    while ((await stateOfGroup()) !== "PreparingRebalance") await platform.timers.sleep(10);
    let isRestarted = false;
    const again = open(connect(), {
      ...own,
      assignors: [
        {
          ...rangeAssignor,
          assign: async (group) => {
            if (!isRestarted) {
              isRestarted = true;
              await stopBroker();
              await startBroker();
            }
            return rangeAssignor.assign(group);
          },
        },
      ],
    });
    await again.join();
    expect(isRestarted).toBe(true);
    expect(again).toMatchObject({ isMember: true, failure: undefined });
    await again.close();
    expect((await theirs).partitions).toHaveLength(2);
    await other.close();
  }));

/** The first JoinGroup comes once it is let go, and then comes, also where its sender has closed the connection long ago. */
function withLateJoin(network: Network) {
  let letGo: (() => void) | undefined;
  const late: Network = {
    listen: (...given) => network.listen(...given),
    connect: async (...given) => {
      const connection = await network.connect(...given);
      const write = connection.write.bind(connection);
      connection.write = (parts, sent) => {
        const frame = concatBytes(...parts);
        const apiKey = new DataView(frame.buffer, frame.byteOffset).getInt16(4);
        if (letGo !== undefined || apiKey !== joinGroupApi.key) return write(parts, sent);
        letGo = () => void write([frame]);
        connection.destroy = () => {};
        return true;
      };
      return connection;
    },
  };
  return { late, letGo: () => letGo?.() };
}

test("who was fenced by its own first join, which came when it had its seat already, takes it again", () =>
  inClientWorld(async ({ client, platform }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 2 }]);
    const { brokers } = await client.admin.describeCluster();
    const { late, letGo } = withLateJoin(platform.network);
    const own = connect(
      { ...platform, network: late },
      { bootstrapServers: `${brokers[0].host}:${brokers[0].port}` },
    );
    const member = open(own, { groupInstanceId: "seat" });
    await member.join();
    const { memberId } = member.groupMetadata;
    letGo();
    while (member.isMember) await platform.timers.sleep(100);
    expect(member).toMatchObject({ isMember: false, failure: undefined });
    expect((await member.join()).partitions).toHaveLength(2);
    expect(member.groupMetadata.memberId).not.toBe(memberId);
    await own.close();
  }));
