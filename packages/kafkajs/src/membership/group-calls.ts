import type { Broker } from "kafkajs";

import { notKafkajs } from "../link/kafkajs-link.ts";

/**
 * The calls of the group protocol that kafkajs's `Broker` has and its types do not list: the only place that knows them.
 * kafkajs's own consumer would join again by itself, without waiting until what was done is committed, and keeps what the
 * leader sent along; see decision 053.
 */
export interface GroupCalls {
  joinGroup(request: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly memberId: string;
    readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  }): Promise<JoinedGroup>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: readonly {
      readonly memberId: string;
      readonly memberAssignment: Buffer;
    }[];
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly groupProtocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** For the leader alone. */
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
}

const names = ["joinGroup", "syncGroup", "heartbeat", "leaveGroup"] as const;

/** @throws ClusterError `UNSUPPORTED_BY_CLIENT` */
export function groupCallsOf(broker: Broker): Broker & GroupCalls {
  if (hasGroupCalls(broker)) return broker;
  throw notKafkajs(`no ${names.join(", ")} on its brokers`);
}

function hasGroupCalls(broker: Broker): broker is Broker & GroupCalls {
  return names.every((name) => name in broker);
}
