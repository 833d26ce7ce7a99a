import type { Operation, Resource } from "../../server/request-context.ts";

/** Kafka: `AclOperation`, by its number on the wire; 0 is unknown, 1 any, 2 all. */
export const operationNumbers: Readonly<Record<Operation, number>> = Object.freeze({
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
});

export const anyOperation = 1;
export const allOperations = 2;
export const operationMax = 15;

/** Kafka: `ResourceType`; 0 is unknown, 1 any. */
export const resourceNumbers: Readonly<Record<Resource["kind"], number>> = Object.freeze({
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
});

export const anyResource = 1;
export const resourceMax = 7;

/** Kafka: `AclPermissionType`. */
export const permissions = { UNKNOWN: 0, ANY: 1, DENY: 2, ALLOW: 3 } as const;

/** Kafka's names, for texts. */
export const resourceNames = namesOf({ UNKNOWN: 0, ANY: anyResource, ...resourceNumbers });
export const operationNames = namesOf({
  UNKNOWN: 0,
  ANY: anyOperation,
  ALL: allOperations,
  ...operationNumbers,
});
export const permissionNames = namesOf(permissions);

function namesOf(numbers: Readonly<Record<string, number>>): Readonly<Record<number, string>> {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [number, name]));
}
