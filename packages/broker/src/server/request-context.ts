import type { Principal } from "./principal.ts";
import type { MutationMode, QuotaKey } from "./quotas.ts";
import type { Session } from "./session.ts";
import type { Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** Name and version of the library that a client is made with (KIP-511). */
export interface ClientSoftware {
  readonly name: string;
  readonly version: string;
}

/** Who is asking, over what, and may they: handed to every handler. */
export interface RequestContext {
  readonly principal: Principal;
  /** How the connection came to its principal, and until when. */
  readonly session: Session;
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
  /** What the client has said it is, on this connection. */
  readonly software: ClientSoftware;
  /** Remembers it for the connection's later requests. */
  setSoftware(software: ClientSoftware): void;
  /** Counts what was done against the client's quota, which may raise `throttleMs`. */
  charge(key: QuotaKey, amount: number): void;
  /** Counts what is about to be done; true: it is too much, `throttleMs` was raised, and nothing of it is counted. */
  exceeds(key: QuotaKey, amount: number): boolean;
  /** Most that may be done at once without being held back for alone. */
  mostAtOnce(key: QuotaKey): number;
  /** Counts partitions that are made or removed; false: they must not be, since the client's rate is used up. */
  mayMutate(partitions: number, mode: MutationMode): boolean;
  /** Without an authorizer everything is allowed. */
  authorize(operation: Operation, resource: Resource): boolean;
  /** The same, where nothing is refused by it: what is left out, or allowed by another rule. It is not logged. */
  permits(operation: Operation, resource: Resource): boolean;
  /** Is there any resource of the kind that the operation is allowed on? */
  authorizeSome(operation: Operation, kind: Resource["kind"]): boolean;
}

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
  | "CREATE_TOKENS"
  | "DESCRIBE_TOKENS"
  | "TWO_PHASE_COMMIT";

/** What an operation is done to (Kafka: `ResourceType` and name). */
export interface Resource<Kind extends ResourceKind = ResourceKind> {
  readonly kind: Kind;
  readonly name: string;
}

export type ResourceKind =
  | "TOPIC"
  | "GROUP"
  | "CLUSTER"
  | "TRANSACTIONAL_ID"
  | "DELEGATION_TOKEN"
  | "USER";

export function topicResource(name: string): Resource<"TOPIC"> {
  return { kind: "TOPIC", name };
}

export function groupResource(name: string): Resource<"GROUP"> {
  return { kind: "GROUP", name };
}

export function transactionalIdResource(name: string): Resource {
  return { kind: "TRANSACTIONAL_ID", name };
}

/** Kafka's name for the one cluster there is. */
export const clusterResource: Resource<"CLUSTER"> = Object.freeze({
  kind: "CLUSTER",
  name: "kafka-cluster",
});
