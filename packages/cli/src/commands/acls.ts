import type { Acl, AclFilter } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { command, type Command } from "../command.ts";
import { choiceFlag, repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

const clusterName = "kafka-cluster";

const operations = [
  "all",
  "read",
  "write",
  "create",
  "delete",
  "alter",
  "describe",
  "cluster-action",
  "describe-configs",
  "alter-configs",
  "idempotent-write",
  "create-tokens",
  "describe-tokens",
  "two-phase-commit",
] as const satisfies readonly Acl["operation"][];

const resourceFlags = {
  topic: repeated(textFlag({ placeholder: "NAME", about: "a topic; * is all" })),
  group: repeated(textFlag({ placeholder: "ID", about: "a group; * is all" })),
  "transactional-id": repeated(
    textFlag({ placeholder: "ID", about: "a transactional id; * is all" }),
  ),
  "delegation-token": repeated(
    textFlag({ placeholder: "ID", about: "a delegation token; * is all" }),
  ),
  "user-principal": repeated(
    textFlag({ placeholder: "User:NAME", about: "a user, whose tokens are asked for; * is all" }),
  ),
  cluster: switchFlag({ about: "the cluster" }),
};

const resourceNames = "--topic, --group, --transactional-id, --delegation-token, --user-principal";

const whoFlags = {
  "allow-principal": repeated(
    textFlag({ placeholder: "User:NAME", about: "who may; User:* is everybody" }),
  ),
  "deny-principal": repeated(
    textFlag({ placeholder: "User:NAME", about: "who may not, whatever else allows it" }),
  ),
  host: repeated(textFlag({ placeholder: "ADDRESS", about: "from where; default: anywhere" })),
  operation: repeated(
    choiceFlag(operations, {
      placeholder: "NAME",
      about: "what: all, read, write, create, delete, alter, describe, …",
    }),
  ),
};

const add = command({
  path: "acls add",
  summary: "say who may do what",
  flags: {
    ...clusterFlags,
    ...resourceFlags,
    ...whoFlags,
    "resource-pattern-type": choiceFlag(["literal", "prefixed"], {
      placeholder: "TYPE",
      byDefault: "literal",
      about: "literal, or prefixed: names that begin so",
    }),
    producer: switchFlag({ about: "all that who writes to the topics needs" }),
    consumer: switchFlag({ about: "all that who reads the topics in the groups needs" }),
    json: jsonFlag,
  },
  run: ({ flags }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const acls = aclsOf(flags, flags["resource-pattern-type"]);
      if (acls.length === 0)
        throw new UsageError(
          `give --allow-principal or --deny-principal, --operation, --producer or --consumer, and ${resourceNames} or --cluster`,
        );
      await admin.createAcls(acls, terminal.signal);
      show(acls, flags.json, terminal);
    }),
});

const patternFlag = (standard: string) =>
  choiceFlag(["literal", "prefixed", "match", "any"], {
    placeholder: "TYPE",
    about: `literal, prefixed, match (all that hold for the name) or any (default ${standard})`,
  });

const filterFlags = {
  ...resourceFlags,
  principal: textFlag({ placeholder: "User:NAME", about: "rules of this principal" }),
  "allow-principal": textFlag({
    placeholder: "User:NAME",
    about: "rules that allow this principal something",
  }),
  "deny-principal": textFlag({
    placeholder: "User:NAME",
    about: "rules that forbid this principal something",
  }),
  operation: choiceFlag(operations, { placeholder: "NAME", about: "rules for this" }),
  "resource-pattern-type": patternFlag("any"),
  json: jsonFlag,
};

const list = command({
  path: "acls list",
  summary: "tell who may do what",
  flags: { ...clusterFlags, ...filterFlags },
  run: ({ flags }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const found: Acl[] = [];
      for (const filter of filtersOf(flags, "any"))
        found.push(...(await admin.describeAcls(filter, terminal.signal)));
      show(found, flags.json, terminal);
    }),
});

const remove = command({
  path: "acls remove",
  summary: "take rules away, and tell which",
  flags: {
    ...clusterFlags,
    ...filterFlags,
    "resource-pattern-type": patternFlag("of a name literal, else any"),
  },
  run: ({ flags }, terminal) =>
    withClient(flags, async ({ admin }) => {
      // A name that is given is that name: the rules of its prefix are lost only by saying so, as in Kafka's tool.
      const filters = filtersOf(flags, namedOf(flags).length > 0 ? "literal" : "any");
      const { operation } = flags;
      const isWide = filters.every(
        ({ resource, principal }) => resource === undefined && principal === undefined,
      );
      if (isWide)
        throw new UsageError(
          `give ${resourceNames}, --cluster or a principal: ${operation ?? "all"} of everybody is too much at once`,
        );
      const removed = await admin.deleteAcls(filters, terminal.signal);
      if (removed.length > 0 || flags.json) show(removed, flags.json, terminal);
      else terminal.print(noRuleFits(filters));
    }),
});

/** `millrace acls`: lists, adds and removes rules. */
export const aclsCommands: readonly Command[] = [list, add, remove];

interface Named {
  readonly resource: Acl["resource"];
  readonly name: string;
}

function namedOf(flags: FlagValues<typeof resourceFlags>): readonly Named[] {
  const named = (resource: Acl["resource"], names: readonly string[]) =>
    names.map((name) => ({ resource, name }));
  return [
    ...named("topic", flags.topic),
    ...named("group", flags.group),
    ...named("transactional-id", flags["transactional-id"]),
    ...named("delegation-token", flags["delegation-token"]),
    ...named("user", flags["user-principal"]),
    ...named("cluster", flags.cluster ? [clusterName] : []),
  ];
}

type AddFlags = FlagValues<typeof resourceFlags> &
  FlagValues<typeof whoFlags> & { readonly producer: boolean; readonly consumer: boolean };

function aclsOf(flags: AddFlags, pattern: Acl["pattern"]): readonly Acl[] {
  const allowed = flags["allow-principal"].map((principal) => ({ principal, permission: "allow" }));
  const denied = flags["deny-principal"].map((principal) => ({ principal, permission: "deny" }));
  const who = [...allowed, ...denied] as Pick<Acl, "principal" | "permission">[];
  const hosts = flags.host.length === 0 ? ["*"] : flags.host;
  return namedOf(flags).flatMap(({ resource, name }) =>
    operationsOn(resource, flags).flatMap((operation) =>
      who.flatMap((one) =>
        hosts.map((host) => ({
          ...one,
          resource,
          name,
          host,
          operation,
          pattern: resource === "cluster" ? "literal" : pattern,
        })),
      ),
    ),
  );
}

/** With Kafka's shorthands for who writes and who reads. */
function operationsOn(
  resource: Acl["resource"],
  { operation, producer, consumer }: AddFlags,
): readonly Acl["operation"][] {
  const all = new Set<Acl["operation"]>(operation);
  if (producer && resource === "topic") all.add("write").add("describe").add("create");
  if (producer && resource === "transactional-id") all.add("write").add("describe");
  if (consumer && resource === "topic") all.add("read").add("describe");
  if (consumer && resource === "group") all.add("read");
  return [...all];
}

function noRuleFits([{ pattern }]: readonly AclFilter[]): string {
  const others = pattern === "literal" ? "; rules of prefixes need --resource-pattern-type" : "";
  return `no rule fits, nothing was taken away${others}`;
}

function filtersOf(
  flags: FlagValues<typeof filterFlags>,
  patternByDefault: AclFilter["pattern"],
): readonly AclFilter[] {
  const { operation, "resource-pattern-type": pattern = patternByDefault } = flags;
  const common: AclFilter = {
    pattern,
    ...whoOf(flags),
    ...(operation === undefined ? {} : { operation }),
  };
  const named = namedOf(flags);
  return named.length === 0 ? [common] : named.map((one) => ({ ...common, ...one }));
}

/** One principal, and perhaps what the rules say of it. */
function whoOf(flags: FlagValues<typeof filterFlags>): Pick<AclFilter, "principal" | "permission"> {
  const { principal, "allow-principal": allowed, "deny-principal": denied } = flags;
  const given = [principal, allowed, denied].filter((one) => one !== undefined);
  if (given.length > 1)
    throw new UsageError("give one of --principal, --allow-principal and --deny-principal");
  if (allowed !== undefined) return { principal: allowed, permission: "allow" };
  if (denied !== undefined) return { principal: denied, permission: "deny" };
  return principal === undefined ? {} : { principal };
}

function show(acls: readonly Acl[], isJson: boolean, { print }: Terminal): void {
  if (isJson) return acls.forEach((acl) => print(JSON.stringify(acl)));
  const rows = acls.map((acl) => [
    acl.resource,
    acl.pattern === "prefixed" ? `${acl.name}*` : acl.name,
    acl.pattern,
    acl.principal,
    acl.host,
    acl.operation,
    acl.permission,
  ]);
  const head = ["resource", "name", "pattern", "principal", "host", "operation", "permission"];
  for (const line of tableLines(head, rows)) print(line);
}
