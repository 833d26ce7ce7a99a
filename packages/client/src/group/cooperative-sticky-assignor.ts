import type { MemberSubscription, PartitionAssignor } from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";
import { ownersOf, stickyShares } from "./sticky-shares.ts";

/**
 * Members keep what they have, and go on with it while the group is rebalanced; what is to move is given up first, and
 * assigned in a second step (Kafka: `CooperativeStickyAssignor`, with its name and bytes: members of both can share a group).
 */
export const cooperativeStickyAssignor: PartitionAssignor = {
  name: "cooperative-sticky",
  rebalanceProtocol: "cooperative",
  subscriptionUserData: (generationId) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, generationId);
    return bytes;
  },
  assign: async (group) => {
    const members = group.members.map((one) => ({ ...one, generationId: generationOf(one) }));
    const shares = stickyShares({ ...group, members });
    const owners = ownersOf(members);
    return new Map(
      [...shares].map(([memberId, partitions]) => {
        const own = partitions.filter(({ topic, partition }) => {
          const owner = owners.get(topicPartitionName(topic, partition));
          return owner === undefined || owner?.memberId === memberId;
        });
        return [memberId, { partitions: own, userData: null }];
      }),
    );
  },
};

/** Members of old say it in their bytes alone. */
function generationOf({ generationId, userData }: MemberSubscription): number {
  if (generationId !== -1 || userData === null || userData.length < 4) return generationId;
  return new DataView(userData.buffer, userData.byteOffset).getInt32(0);
}
