import type { Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** Who is asking, over what, and may they: handed to every handler. */
export interface RequestContext {
  readonly principal: Principal;
  /** Name of the listener that the connection came in by. */
  readonly listener: string;
  readonly clientAddress: string;
  readonly clientId: string | null;
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Aborted once the connection is closed, or the broker closes. */
  readonly signal: AbortSignal;
  /** Milliseconds that the client is asked to hold back; what a handler puts in `throttleTimeMs`. */
  readonly throttleMs: number;
  /** What answers hold, for one that can be smaller than was asked for. */
  readonly unread: UnreadAnswers;
  /** Where long work gives way. */
  readonly turns: Turns;
  /** Allows all until there is an authorizer; handlers ask from the first day. */
  authorize(operation: Operation, resource: Resource): boolean;
}

/** Kafka: `KafkaPrincipal`. */
export interface Principal {
  readonly kind: "User";
  readonly name: string;
}

export const anonymous: Principal = Object.freeze({ kind: "User", name: "ANONYMOUS" });

/** Kafka: `AclOperation`. */
export type Operation =
  | "READ"
  | "WRITE"
  | "CREATE"
  | "DELETE"
  | "ALTER"
  | "DESCRIBE"
  | "CLUSTER_ACTION"
  | "DESCRIBE_CONFIGS"
  | "ALTER_CONFIGS"
  | "IDEMPOTENT_WRITE"
  | "TWO_PHASE_COMMIT";

/** What an operation is done to (Kafka: `ResourceType` and name). */
export interface Resource {
  readonly kind: "TOPIC" | "GROUP" | "CLUSTER" | "TRANSACTIONAL_ID";
  readonly name: string;
}

export function topicResource(name: string): Resource {
  return { kind: "TOPIC", name };
}

export function groupResource(name: string): Resource {
  return { kind: "GROUP", name };
}

export function transactionalIdResource(name: string): Resource {
  return { kind: "TRANSACTIONAL_ID", name };
}

/** Kafka's name for the one cluster there is. */
export const clusterResource: Resource = Object.freeze({ kind: "CLUSTER", name: "kafka-cluster" });
