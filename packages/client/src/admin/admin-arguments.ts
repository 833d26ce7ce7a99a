import { ClusterError } from "@millrace/cluster";

import { int32Max, oneOf, text, textsByName, topicName } from "../argument-kinds.ts";
import {
  abortSignal,
  kind,
  listOf,
  object,
  optional,
  strict,
  textOf,
  whole,
  type ArgumentCheck,
} from "../arguments.ts";
import {
  aclOperations,
  aclPatternFilters,
  aclPatterns,
  aclPermissions,
  aclResourceKinds,
} from "./acls.ts";
import { configResourceKinds } from "./configs.ts";
import { scramMechanisms } from "./scram-credentials.ts";
import { wordsOf } from "./words.ts";

// What the methods of the admin take beyond topics, offsets and groups.

const flag: ArgumentCheck = kind("true or false", (given) => typeof given === "boolean");
const name = textOf("a text that is not empty");
const names = listOf(name, "names");

/** More than these may be there: a described member is one, too. */
export const membersToRemove = listOf(
  object(
    {
      memberId: text,
      groupInstanceId: kind("text or null", (given) => given === null || typeof given === "string"),
    },
    "{ memberId, groupInstanceId }",
  ),
  "{ memberId, groupInstanceId }",
);

const resource = { kind: oneOf(...wordsOf(configResourceKinds)), name: text };
export const configResources = listOf(strict(resource, "{ kind, name }"), "{ kind, name }");
export const configChanges = listOf(
  strict(
    {
      ...resource,
      set: optional(textsByName),
      remove: optional(names),
      append: optional(textsByName),
      subtract: optional(textsByName),
    },
    "{ kind, name, set }",
  ),
  "{ kind, name, set }",
);
export const alterConfigsOptions = strict(
  { validateOnly: optional(flag), signal: optional(abortSignal) },
  "{ validateOnly, signal }",
);

const principal = textOf("a principal, such as User:ann");

const aclParts = {
  resource: oneOf(...wordsOf(aclResourceKinds)),
  name,
  principal,
  host: textOf("an address, or *"),
  operation: oneOf(...wordsOf(aclOperations)),
  permission: oneOf(...wordsOf(aclPermissions)),
};
const aclShape = "{ resource, name, pattern, principal, host, operation, permission }";
export const aclsToCreate = listOf(
  strict({ ...aclParts, pattern: oneOf(...wordsOf(aclPatterns)) }, aclShape),
  aclShape,
);
export const aclFilter = strict(
  {
    ...Object.fromEntries(
      Object.entries(aclParts).map(([part, check]) => [part, optional(check)] as const),
    ),
    pattern: optional(oneOf(...wordsOf(aclPatternFilters))),
  },
  "an object of what is looked for",
);
export const aclFilters = listOf(aclFilter, "objects of what is looked for");

const mechanism = oneOf(...wordsOf(scramMechanisms));
/** What is wrong with it is told, and never what it is. */
const secret: ArgumentCheck = (what, given) => {
  const isText = typeof given === "string" && given !== "";
  if (!isText)
    throw new ClusterError("INVALID_ARGUMENT", `${what} is none; give a text that is not empty`);
};
const credential = { user: name, mechanism };
export const usersOrNull: ArgumentCheck = (what, given) => {
  if (given !== null) listOf(name, "users' names")(what, given);
};
export const scramChanges = strict(
  {
    upsertions: listOf(
      strict(
        {
          ...credential,
          password: secret,
          iterations: optional(whole(1, "a number of iterations", int32Max)),
        },
        "{ user, mechanism, password }",
      ),
      "credentials",
    ),
    deletions: listOf(strict(credential, "{ user, mechanism }"), "{ user, mechanism }"),
  },
  "{ upsertions, deletions }",
);

const principals = listOf(principal, "principals, such as User:ann");
const period = optional(whole(0, "milliseconds"));
export const ownersOrNull: ArgumentCheck = (what, given) => {
  if (given !== null) principals(what, given);
};
export const newDelegationToken = strict(
  { owner: optional(principal), renewers: optional(principals), maxLifetimeMs: period },
  "{ owner, renewers, maxLifetimeMs }",
);
export const tokenEnd = strict({ hmac: secret, periodMs: period }, "{ hmac, periodMs }");

const nameOrNull = kind(
  "a name, or null for the default",
  (given) => given === null || (typeof given === "string" && given !== ""),
);
export const quotaEntity = strict(
  { user: optional(nameOrNull), "client-id": optional(nameOrNull), ip: optional(nameOrNull) },
  "an object such as { user }",
);
export const quotaChanges = listOf(
  strict(
    {
      entity: quotaEntity,
      set: optional(kind("numbers by name", isNumbers)),
      remove: optional(names),
    },
    "{ entity, set }",
  ),
  "{ entity, set }",
);

export const transactionalName = textOf("a transactional id");
export const transactionToAbort = object(
  {
    topic: topicName,
    partition: whole(0, "a partition's number", int32Max),
    producerId: whole(0, "a producer's id"),
    producerEpoch: whole(0, "an epoch", 32_767),
    coordinatorEpoch: whole(-1, "an epoch, or -1", int32Max),
  },
  "{ topic, partition, producerId, producerEpoch, coordinatorEpoch }",
);

function isNumbers(given: unknown): boolean {
  return (
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every((value) => typeof value === "number" && value > 0)
  );
}
