import { errorCodeOf } from "@millrace/protocol";
import type { BrokerServices } from "../broker-services.ts";

const leaderNotAvailable = errorCodeOf("LEADER_NOT_AVAILABLE");

/** Who leads a partition, as clients are told: nobody, until its log is open, and where it cannot be used. */
export function leaderOf(
  { partitions, cluster }: Pick<BrokerServices, "partitions" | "cluster">,
  topic: string,
  partition: number,
): { errorCode: number; leaderId: number; offlineReplicas: number[] } {
  const found = partitions.find(topic, partition);
  if (found?.hasLeader === true)
    return { errorCode: 0, leaderId: cluster.nodeId, offlineReplicas: [] };
  const offlineReplicas = found === undefined ? [] : [cluster.nodeId];
  return { errorCode: leaderNotAvailable, leaderId: -1, offlineReplicas };
}
