import type { Principal } from "./principal.ts";
import type { Operation, Resource } from "./request-context.ts";

/** Who asks, and from where. */
export interface Asker {
  readonly principal: Principal;
  readonly clientAddress: string;
}

/** Decides who may do what (Kafka: `Authorizer`). */
export interface Authorizer {
  isAllowed(asker: Asker, operation: Operation, resource: Resource): boolean;
  /** The same, of what nobody asked for: who is denied is not told of in the log (Kafka: `logIfDenied`). */
  permits(asker: Asker, operation: Operation, resource: Resource): boolean;
  /** True if there is, or may be, a resource of the kind that is allowed (Kafka: `authorizeByResourceType`). */
  isAllowedForSome(asker: Asker, operation: Operation, kind: Resource["kind"]): boolean;
}
