import type { ConfigDescription, ConfigEntry, ConfigResource } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import {
  choiceFlag,
  namesFlag,
  pairListFlag,
  repeated,
  switchFlag,
  textFlag,
  type FlagValues,
} from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";

const resourceFlags = {
  topic: repeated(textFlag({ placeholder: "NAME", about: "configs of a topic" })),
  broker: repeated(textFlag({ placeholder: "ID", about: "of a broker" })),
  "broker-defaults": switchFlag({ about: "of all brokers" }),
  group: repeated(textFlag({ placeholder: "ID", about: "of a group" })),
  "client-metrics": repeated(
    textFlag({ placeholder: "NAME", about: "of a subscription to metrics of clients" }),
  ),
  "entity-type": choiceFlag(["topics", "brokers", "groups", "client-metrics"], {
    placeholder: "TYPE",
    about: "as Kafka's tool has it: topics, brokers, groups or client-metrics, with --entity-name",
  }),
  "entity-name": repeated(textFlag({ placeholder: "NAME", about: "of what --entity-type says" })),
  "entity-default": switchFlag({ about: "with --entity-type brokers: of all brokers" }),
};

const kindsOfEntities = {
  topics: "topic",
  brokers: "broker",
  groups: "group",
  "client-metrics": "client-metrics",
} as const;

const describe = command({
  path: "configs describe",
  summary: "tell the configs of topics, brokers, groups and client metrics",
  flags: {
    ...clusterFlags,
    ...resourceFlags,
    all: switchFlag({ about: "those that nobody has set, too" }),
    json: jsonFlag,
  },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      for (const { kind, name, configs } of await admin.describeConfigs(
        resourcesOf(flags),
        signal,
      )) {
        const shown = configs.filter((one) => flags.all || isSet(one, kind));
        if (flags.json) {
          print(JSON.stringify({ kind, name, configs: shown }));
          continue;
        }
        print(`${kind} ${name === "" ? "defaults" : name}`);
        const rows = shown
          .toSorted((left, right) => (left.name < right.name ? -1 : 1))
          .map((one) => [one.name, one.isSensitive ? "(secret)" : (one.value ?? "-"), one.source]);
        for (const line of tableLines(["config", "value", "from"], rows)) print(`  ${line}`);
      }
    }),
});

const alter = command({
  path: "configs alter",
  summary: "change configs of topics, brokers, groups and client metrics",
  flags: {
    ...clusterFlags,
    ...resourceFlags,
    "add-config": pairListFlag({ about: "a config and its value; several behind commas" }),
    "delete-config": namesFlag({
      placeholder: "NAME",
      about: "a config that goes back to its default; several behind commas",
    }),
  },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const [set, remove] = [Object.fromEntries(flags["add-config"]), flags["delete-config"]];
      if (Object.keys(set).length + remove.length === 0)
        throw new UsageError("give --add-config NAME=VALUE, or --delete-config NAME");
      const resources = resourcesOf(flags);
      if (remove.length > 0)
        for (const described of await admin.describeConfigs(resources, signal))
          checkRemoved(described, remove);
      await admin.alterConfigs(
        resources.map((resource) => ({ ...resource, set, remove })),
        { signal },
      );
      for (const { kind, name } of resources)
        print(`${kind} ${name === "" ? "defaults" : name} altered`);
    }),
});

/** `millrace configs`: describes and alters configs. Quotas have a command of their own. */
export const configsCommands: readonly Command[] = [describe, alter];

/** Somebody has set it, for this resource: not what comes from the broker's own file or from Kafka. */
function isSet({ source }: ConfigEntry, kind: ConfigResource["kind"]): boolean {
  return source === kind || (kind === "broker" && source === "default-broker");
}

/** As Kafka's tool: what is not set cannot be taken away, and may be a name that nobody knows. */
function checkRemoved({ kind, name, configs }: ConfigDescription, remove: readonly string[]): void {
  const own = new Set(configs.filter((one) => isOwn(one, kind, name)).map((one) => one.name));
  const invalid = remove.filter((one) => !own.has(one));
  if (invalid.length === 0) return;
  const where = name === "" ? "the defaults of brokers" : `${kind} ${name}`;
  throw new CommandError(
    `Invalid config(s): ${invalid.join(",")}: not set for ${where}; nothing was changed`,
  );
}

function isOwn({ source }: ConfigEntry, kind: ConfigResource["kind"], name: string): boolean {
  return kind === "broker" && name === "" ? source === "default-broker" : source === kind;
}

function entitiesOf(flags: FlagValues<typeof resourceFlags>): readonly ConfigResource[] {
  const { "entity-type": type, "entity-name": names, "entity-default": isDefault } = flags;
  if (type === undefined) {
    if (names.length === 0 && !isDefault) return [];
    throw new UsageError(
      "--entity-type is missing; give topics, brokers, groups or client-metrics",
    );
  }
  if (isDefault && type !== "brokers")
    throw new UsageError("--entity-default is for --entity-type brokers");
  const all = isDefault ? [...names, ""] : names;
  if (all.length === 0) throw new UsageError("--entity-name is missing; give NAME");
  return all.map((name) => ({ kind: kindsOfEntities[type], name }));
}

function resourcesOf(flags: FlagValues<typeof resourceFlags>): readonly ConfigResource[] {
  const named = (kind: ConfigResource["kind"], names: readonly string[]) =>
    names.map((name) => ({ kind, name }));
  const resources = [
    ...named("topic", flags.topic),
    ...named("broker", flags.broker),
    ...named("broker", flags["broker-defaults"] ? [""] : []),
    ...named("group", flags.group),
    ...named("client-metrics", flags["client-metrics"]),
    ...entitiesOf(flags),
  ];
  if (resources.length > 0) return resources;
  throw new UsageError("give --topic, --broker, --broker-defaults, --group or --client-metrics");
}
