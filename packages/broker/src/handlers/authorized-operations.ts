import type { Operation, RequestContext, Resource } from "../server/request-context.ts";
import { clusterResource } from "../server/request-context.ts";
import { operationNumbers } from "../security/authorization/access-control-numbers.ts";

/** Kafka: `AclEntry.supportedOperations`. */
const operationsOf = {
  TOPIC: [
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
  ],
  GROUP: ["READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"],
  CLUSTER: [
    "CREATE",
    "ALTER",
    "DESCRIBE",
    "CLUSTER_ACTION",
    "DESCRIBE_CONFIGS",
    "ALTER_CONFIGS",
    "IDEMPOTENT_WRITE",
  ],
} as const satisfies Readonly<Record<string, readonly Operation[]>>;

/** A bit for each operation that who asks may do, by its number in Kafka. */
export function authorizedOperations(
  context: RequestContext,
  resource: Resource<keyof typeof operationsOf>,
): number {
  let bits = 0;
  for (const operation of operationsOf[resource.kind])
    if (context.permits(operation, resource)) bits |= 1 << operationNumbers[operation];
  return bits;
}

/** None are told to who may not describe the cluster. */
export function clusterOperations(context: RequestContext): number {
  const maySee = context.authorize("DESCRIBE", clusterResource);
  return maySee ? authorizedOperations(context, clusterResource) : 0;
}
