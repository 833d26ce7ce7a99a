import type { QuotaEntity } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { command, type Command } from "../command.ts";
import { pairsFlag, repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

const entityFlags = {
  user: textFlag({ placeholder: "NAME", about: "of a user" }),
  "user-defaults": switchFlag({ about: "of all users without one of their own" }),
  "client-id": textFlag({ placeholder: "NAME", about: "of clients that call themselves so" }),
  "client-defaults": switchFlag({ about: "of all clients without one of their own" }),
  ip: textFlag({ placeholder: "ADDRESS", about: "of an address" }),
  "ip-defaults": switchFlag({ about: "of all addresses without one of their own" }),
};

const list = command({
  path: "quotas list",
  summary: "tell the quotas of users, clients and addresses",
  flags: { ...clusterFlags, ...entityFlags, json: jsonFlag },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const quotas = await admin.describeClientQuotas(entityOf(flags), signal);
      if (flags.json) for (const quota of quotas) print(JSON.stringify(quota));
      else {
        const rows = quotas.flatMap(({ entity, values }) =>
          Object.entries(values).map(([name, value]) => [textOf(entity), name, value]),
        );
        for (const line of tableLines(["of", "quota", "value"], rows)) print(line);
      }
    }),
});

const alter = command({
  path: "quotas alter",
  summary: "bound what users, clients and addresses may do a second",
  flags: {
    ...clusterFlags,
    ...entityFlags,
    "add-config": pairsFlag({ about: "a quota, such as producer_byte_rate=1048576" }),
    "delete-config": repeated(
      textFlag({ placeholder: "NAME", about: "a quota that is to be none" }),
    ),
  },
  notes: `Of users and clients: producer_byte_rate, consumer_byte_rate (bytes a second), request_percentage, controller_mutation_rate;
of addresses: connection_creation_rate. Together, --user and --client-id are one entity.`,
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const entity = entityOf(flags);
      const [set, remove] = [numbersOf(flags["add-config"]), flags["delete-config"]];
      if (Object.keys(entity).length === 0)
        throw new UsageError(
          "give --user, --client-id or --ip, or --user-defaults, --client-defaults or --ip-defaults",
        );
      if (Object.keys(set).length + remove.length === 0)
        throw new UsageError("give --add-config NAME=VALUE, or --delete-config NAME");
      await admin.alterClientQuotas([{ entity, set, remove }], signal);
      print(`quotas of ${textOf(entity)} altered`);
    }),
});

/** `millrace quotas`: lists and alters quotas. */
export const quotasCommands: readonly Command[] = [list, alter];

function entityOf(flags: FlagValues<typeof entityFlags>): QuotaEntity {
  const part = (kind: keyof QuotaEntity, name: string | undefined, isDefault: boolean) => {
    if (name !== undefined && isDefault)
      throw new UsageError(`one of ${kind}s, or all others: not both at once`);
    return name === undefined && !isDefault ? {} : { [kind]: name ?? null };
  };
  return {
    ...part("user", flags.user, flags["user-defaults"]),
    ...part("client-id", flags["client-id"], flags["client-defaults"]),
    ...part("ip", flags.ip, flags["ip-defaults"]),
  };
}

function textOf(entity: QuotaEntity): string {
  const parts = Object.entries(entity) as (readonly [string, string | null])[];
  return parts.map(([kind, name]) => `${kind} ${name ?? "(others)"}`).join(", ");
}

function numbersOf(
  pairs: readonly (readonly [string, string])[],
): Readonly<Record<string, number>> {
  const numbers = pairs.map(([name, text]) => {
    const value = Number(text);
    if (!(value > 0) || !Number.isFinite(value))
      throw new UsageError(
        `--add-config ${name} is ${JSON.stringify(text)}; give a number above 0`,
      );
    return [name, value] as const;
  });
  return Object.fromEntries(numbers);
}
