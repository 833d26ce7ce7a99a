import { KafkaError } from "@millrace/protocol";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";

/** How a request comes to its broker. */
export interface AdminLinks {
  readonly controller: () => Promise<LaneLink>;
  readonly broker: (nodeId: number) => Promise<LaneLink>;
}

export function adminLinks({ metadata }: ClientContext, lane: BrokerLane): AdminLinks {
  return {
    /** Any broker passes such requests on to the controller; older clusters want the controller itself. */
    controller: async () => {
      await metadata.refresh();
      const { controllerId, brokers } = metadata;
      const nodeId = brokers.has(controllerId) ? controllerId : brokers.keys().next().value;
      return lane.link(nodeId ?? -1);
    },
    broker: async (nodeId) => {
      await metadata.refresh();
      if (metadata.brokers.has(nodeId)) return lane.link(nodeId);
      const known = [...metadata.brokers.keys()].join(", ");
      throw new KafkaError(
        "BROKER_NOT_AVAILABLE",
        `there is no broker ${nodeId}; the cluster has ${known}`,
      );
    },
  };
}
