import { rangeAssignor, type KafkaClient } from "@millrace/client";
import type { GroupMembership, GroupMembershipOptions } from "@millrace/cluster";
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
