import type { Broker, BrokerOptions } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { compatibilityLevels } from "@millrace/schema-registry";
import { JoinedSignal, type Platform } from "@millrace/platform";

import { clusterFlags, commandConfig } from "../cluster-flags.ts";
import { command } from "../command.ts";
import { choiceFlag, numberFlag, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { registryAccess, registryAccessFlags } from "../registry-flags.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { untilEnded } from "../until-ended.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace registry`: runs a schema registry until it is asked to end. */
export const registryCommand = command({
  path: "registry",
  summary: "run a schema registry",
  flags: {
    data: textFlag({
      placeholder: "DIR",
      about: "the folder of a broker of its own, which is run beside; made if it is not there",
    }),
    "bootstrap-server": textFlag({
      placeholder: "HOST:PORT,…",
      about: "or the cluster that has the registry's topic",
      aliases: ["bootstrap", "bootstrap-servers"],
    }),
    "command-config": clusterFlags["command-config"],
    port: numberFlag({ max: 65_535, byDefault: 8081, about: "0 takes a free one" }),
    host: textFlag({ placeholder: "HOST", byDefault: "127.0.0.1", about: "where it listens" }),
    ...registryAccessFlags,
    "broker-port": numberFlag({
      max: 65_535,
      byDefault: 9092,
      about: "port of the broker of its own; 0 takes a free one",
    }),
    topic: textFlag({ byDefault: "_schemas", about: "the topic that holds everything" }),
    group: textFlag({
      placeholder: "ID",
      byDefault: "schema-registry",
      about: "registries of one group share the topic, and choose who writes",
    }),
    "advertised-host": textFlag({
      placeholder: "HOST",
      about: "name by which the other registries of the group reach this one; default: --host",
    }),
    compatibility: choiceFlag(compatibilityLevels, {
      placeholder: "LEVEL",
      byDefault: "BACKWARD",
      about: "the level of subjects without one of their own",
    }),
    "log-level": choiceFlag(["debug", "info", "warn", "error", "silent"], {
      placeholder: "LEVEL",
      byDefault: "warn",
      about: "what goes to standard error, as JSON lines",
    }),
    json: jsonFlag,
  },
  notes: "Beyond loopback it wants TLS and sign-in, or --allow-insecure.",

  async run({ flags }, terminal) {
    const { data, "bootstrap-server": given } = flags;
    if ((data === undefined) === (given === undefined))
      throw new UsageError("give one of --data and --bootstrap-server");
    const file = flags["command-config"];
    if (file !== undefined && given === undefined)
      throw new UsageError("--command-config goes with --bootstrap-server");
    const { ssl, sasl } = file === undefined ? {} : await commandConfig(file);
    const platform = nodePlatform({ logLevel: flags["log-level"] });
    const access = registryAccess(flags);
    const failed = new AbortController();
    await using broker =
      data === undefined
        ? undefined
        : await startBroker(platform, {
            dataDirectory: data,
            port: flags["broker-port"],
            durability: "group",
            properties: { "group.initial.rebalance.delay.ms": 0 },
            codecs: nodeCompression,
            signal: terminal.signal,
            onFailed: (failure) => failed.abort(failure),
          });
    const { SchemaRegistryServer } = await import("@millrace/schema-registry-server");
    const own = broker?.address;
    const bootstrapServers = given ?? `${own?.host}:${own?.port}`;
    await using registry = await SchemaRegistryServer.start(
      {
        bootstrapServers,
        ...(ssl === undefined ? {} : { ssl }),
        ...(sasl === undefined ? {} : { sasl }),
        host: flags.host,
        port: flags.port,
        ...access,
        topic: flags.topic,
        groupId: flags.group,
        ...(flags["advertised-host"] === undefined
          ? {}
          : { advertisedHost: flags["advertised-host"] }),
        compatibilityLevel: flags.compatibility,
        codecs: nodeCompression,
        ...(broker === undefined ? {} : { groupInstanceId: "own-broker" }),
        signal: terminal.signal,
      },
      platform,
    );
    tell(terminal, { url: registry.url, bootstrapServers }, flags.json);
    using ends = new JoinedSignal(terminal.signal, failed.signal);
    await untilEnded(ends.signal);
    await registry.close();
    failed.signal.throwIfAborted();
  },
});

/** A registry of a cluster elsewhere does not carry the broker's code. */
async function startBroker(platform: Platform, options: BrokerOptions): Promise<Broker> {
  const { Broker } = await import("@millrace/broker");
  return Broker.start(platform, options);
}

interface Places {
  readonly url: string;
  readonly bootstrapServers: string;
}

function tell(terminal: Terminal, { url, bootstrapServers }: Places, isJson: boolean): void {
  terminal.print(
    isJson
      ? JSON.stringify({ url, bootstrapServers })
      : `millrace registry is ready at ${url}, with its topic at ${bootstrapServers}`,
  );
}
