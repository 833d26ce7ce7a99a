import type { ConfigEntry, ConfigResource } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { command, type Command } from "../command.ts";
import { pairsFlag, repeated, switchFlag, textFlag, type FlagValues } from "../flags/flag.ts";
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
};

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
    "add-config": pairsFlag({ about: "a config and its value" }),
    "delete-config": repeated(
      textFlag({ placeholder: "NAME", about: "a config that goes back to its default" }),
    ),
  },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const [set, remove] = [Object.fromEntries(flags["add-config"]), flags["delete-config"]];
      if (Object.keys(set).length + remove.length === 0)
        throw new UsageError("give --add-config NAME=VALUE, or --delete-config NAME");
      const resources = resourcesOf(flags);
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

function resourcesOf(flags: FlagValues<typeof resourceFlags>): readonly ConfigResource[] {
  const named = (kind: ConfigResource["kind"], names: readonly string[]) =>
    names.map((name) => ({ kind, name }));
  const resources = [
    ...named("topic", flags.topic),
    ...named("broker", flags.broker),
    ...named("broker", flags["broker-defaults"] ? [""] : []),
    ...named("group", flags.group),
    ...named("client-metrics", flags["client-metrics"]),
  ];
  if (resources.length > 0) return resources;
  throw new UsageError("give --topic, --broker, --broker-defaults, --group or --client-metrics");
}
