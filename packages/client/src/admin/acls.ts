import { createAclsApi, deleteAclsApi, describeAclsApi } from "@millrace/protocol/definitions";

import { oneOf } from "../argument-kinds.ts";
import { checkArguments, listOf, optional, strict, textOf } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { name, principal } from "./admin-arguments.ts";
import type { AdminLinks } from "./admin-links.ts";
import { askUntilAnswered } from "./ask-any.ts";
import { wordOf, wordsOf, type Words } from "./words.ts";

export const aclResourceKinds = {
  topic: 2,
  group: 3,
  cluster: 4,
  "transactional-id": 5,
  "delegation-token": 6,
  user: 7,
} satisfies Words<string>;

export const aclPatterns = { literal: 3, prefixed: 4 } satisfies Words<string>;
/** `match` finds all that hold for the name: literal, prefixed and of all names. */
export const aclPatternFilters = { ...aclPatterns, any: 1, match: 2 } satisfies Words<string>;

export const aclOperations = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  "cluster-action": 9,
  "describe-configs": 10,
  "alter-configs": 11,
  "idempotent-write": 12,
  "create-tokens": 13,
  "describe-tokens": 14,
  "two-phase-commit": 15,
} satisfies Words<string>;

export const aclPermissions = { deny: 2, allow: 3 } satisfies Words<string>;

const any = 1;

/** Who may do what, or may not (Kafka: `AclBinding`). */
export interface Acl {
  readonly resource: keyof typeof aclResourceKinds;
  /** `*` stands for all; the cluster's is `kafka-cluster`. */
  readonly name: string;
  readonly pattern: keyof typeof aclPatterns;
  /** Such as `User:ann`; `User:*` is everybody. */
  readonly principal: string;
  /** An address, or `*`. */
  readonly host: string;
  readonly operation: keyof typeof aclOperations;
  readonly permission: keyof typeof aclPermissions;
}

/** What is looked for; what is left out may be anything. */
export type AclFilter = Partial<Omit<Acl, "pattern">> & {
  readonly pattern?: keyof typeof aclPatternFilters;
};

const aclParts = {
  resource: oneOf(...wordsOf(aclResourceKinds)),
  name,
  principal,
  host: textOf("an address, or *"),
  operation: oneOf(...wordsOf(aclOperations)),
  permission: oneOf(...wordsOf(aclPermissions)),
};
const aclShape = "{ resource, name, pattern, principal, host, operation, permission }";
const aclsToCreate = listOf(
  strict({ ...aclParts, pattern: oneOf(...wordsOf(aclPatterns)) }, aclShape),
  aclShape,
);
const aclFilter = strict(
  {
    ...Object.fromEntries(
      Object.entries(aclParts).map(([part, check]) => [part, optional(check)] as const),
    ),
    pattern: optional(oneOf(...wordsOf(aclPatternFilters))),
  },
  "an object of what is looked for",
);
const aclFilters = listOf(aclFilter, "objects of what is looked for");

/** Rules of kinds that this client has no word for are left out. */
export async function describeAcls(
  context: ClientContext,
  { controller }: AdminLinks,
  filter: AclFilter,
  signal?: AbortSignal,
): Promise<readonly Acl[]> {
  checkArguments("admin.describeAcls", { filter: [aclFilter, filter] }, signal);
  const answer = await askUntilAnswered(context, {
    api: describeAclsApi,
    link: controller,
    signal,
    body: () => wireFilter(filter),
    errorsOf: (whole) => [whole],
  });
  return answer.resources.flatMap(({ acls, ...resource }) =>
    acls.flatMap((one) => aclOf({ ...resource, ...one }) ?? []),
  );
}

export async function createAcls(
  context: ClientContext,
  { controller }: AdminLinks,
  acls: readonly Acl[],
  signal?: AbortSignal,
): Promise<void> {
  checkArguments("admin.createAcls", { acls: [aclsToCreate, acls] }, signal);
  if (acls.length === 0) return;
  await askUntilAnswered(context, {
    api: createAclsApi,
    link: controller,
    signal,
    body: () => ({
      creations: acls.map((acl) => ({
        resourceType: aclResourceKinds[acl.resource],
        resourceName: acl.name,
        resourcePatternType: aclPatterns[acl.pattern],
        principal: acl.principal,
        host: acl.host,
        operation: aclOperations[acl.operation],
        permissionType: aclPermissions[acl.permission],
      })),
    }),
    errorsOf: ({ results }) => results,
  });
}

/** Gives what was deleted. */
export async function deleteAcls(
  context: ClientContext,
  { controller }: AdminLinks,
  filters: readonly AclFilter[],
  signal?: AbortSignal,
): Promise<readonly Acl[]> {
  checkArguments("admin.deleteAcls", { filters: [aclFilters, filters] }, signal);
  if (filters.length === 0) return [];
  const answer = await askUntilAnswered(context, {
    api: deleteAclsApi,
    link: controller,
    signal,
    body: () => ({ filters: filters.map(wireFilter) }),
    errorsOf: ({ filterResults }) => filterResults,
  });
  const all = answer.filterResults.flatMap(({ matchingAcls }) => matchingAcls);
  for (const { errorCode, errorMessage } of all) throwIfError(errorCode, errorMessage);
  return all.flatMap((one) => aclOf(one) ?? []);
}

function wireFilter(filter: AclFilter) {
  const { resource, pattern, operation, permission } = filter;
  return {
    resourceTypeFilter: resource === undefined ? any : aclResourceKinds[resource],
    resourceNameFilter: filter.name ?? null,
    patternTypeFilter: pattern === undefined ? any : aclPatternFilters[pattern],
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: operation === undefined ? any : aclOperations[operation],
    permissionType: permission === undefined ? any : aclPermissions[permission],
  };
}

interface WireAcl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

function aclOf(wire: WireAcl): Acl | undefined {
  const resource = wordOf(aclResourceKinds, wire.resourceType);
  const pattern = wordOf(aclPatterns, wire.patternType);
  const operation = wordOf(aclOperations, wire.operation);
  const permission = wordOf(aclPermissions, wire.permissionType);
  if (!resource || !pattern || !operation || !permission) return undefined;
  const { resourceName: name, principal, host } = wire;
  return { resource, name, pattern, principal, host, operation, permission };
}
