import type { Given } from "@millrace/protocol";
import type { shareGroupDescribeApi } from "@millrace/protocol/definitions";
import type { TopicLookup } from "../../topic-lookup.ts";
import type { ShareGroup } from "./share-group.ts";
import { topicPartitions } from "./share-records.ts";

export type DescribedShareGroup = Given<
  (typeof shareGroupDescribeApi)["response"]
>["groups"][number];

export function describeShareGroup(group: ShareGroup, topics: TopicLookup): DescribedShareGroup {
  const { groupId, stateName, groupEpoch, assignmentEpoch } = group;
  return {
    errorCode: 0,
    groupId,
    groupState: stateName,
    groupEpoch,
    assignmentEpoch,
    assignorName: "simple",
    members: [...group.members.values()].map(({ memberId, memberEpoch, metadata, assigned }) => ({
      ...metadata,
      memberId,
      memberEpoch,
      assignment: {
        topicPartitions: topicPartitions(assigned).flatMap(({ topicId, partitions }) => {
          const topicName = topics.topicName(topicId);
          return topicName === undefined ? [] : [{ topicId, topicName, partitions }];
        }),
      },
    })),
  };
}

export function unknownShareGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedShareGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: "",
    members: [],
  };
}
