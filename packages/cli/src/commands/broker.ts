import type { Broker } from "@millrace/broker";
import type { HttpServer } from "@millrace/http";
import { JoinedSignal, type Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import type { SchemaRegistryServer } from "@millrace/schema-registry-server";

import { jsonFlag } from "../flags/json-flag.ts";
import { command } from "../command.ts";
import { fileText } from "../file-text.ts";
import { choiceFlag, numberFlag, pairsFlag, switchFlag, textFlag } from "../flags/flag.ts";
import type { ProgressLine } from "../terminal/progress-line.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { untilEnded } from "../until-ended.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Kafka lets the first members of a group wait three seconds for each other; by hand one waits for the group
 * instead.
 */
const properties = {
  "group.initial.rebalance.delay.ms": "0",
  "group.streams.initial.rebalance.delay.ms": "0",
};

/** `millrace broker`: runs a broker until it is asked to end. */
export const brokerCommand = command({
  path: "broker",
  summary: "run a broker",
  flags: {
    data: textFlag({
      placeholder: "DIR",
      about: "the folder of its data; made if it is not there",
    }),
    port: numberFlag({
      max: 65_535,
      about:
        "of the first of the listeners; 0 takes a free one (default: as the properties say, else 9092)",
    }),
    host: textFlag({
      placeholder: "HOST",
      about:
        "of the first of the listeners; beyond loopback with TLS and authentication, or --insecure-listen (default: as the properties say, else 127.0.0.1)",
    }),
    "insecure-listen": switchFlag({
      about: "listen beyond loopback, without TLS, as in a network that is to be trusted",
    }),
    "registry-port": numberFlag({
      max: 65_535,
      about: "run a schema registry beside it, at this port; 0 takes a free one",
    }),
    "metrics-port": numberFlag({
      max: 65_535,
      about: "serve /metrics (for Prometheus), /health and /ready at this port; 0 takes a free one",
    }),
    "metrics-host": textFlag({
      placeholder: "HOST",
      byDefault: "127.0.0.1",
      about: "where it does; beyond loopback with --insecure-listen only",
    }),
    config: textFlag({ placeholder: "FILE", about: "Kafka's properties, a line NAME=VALUE each" }),
    override: pairsFlag({ about: "one of Kafka's properties" }),
    "max-partitions": numberFlag({
      min: 1,
      byDefault: 100_000,
      about: "partitions of all topics together; topics beyond are refused",
    }),
    "max-groups": numberFlag({
      min: 1,
      byDefault: 100_000,
      about: "groups of all kinds; more are refused",
    }),
    durability: choiceFlag(["memory", "os", "group", "strict"], {
      placeholder: "LEVEL",
      byDefault: "group",
      about: "memory, os, group (acknowledged means on the disk) or strict",
    }),
    "log-level": choiceFlag(["debug", "info", "warn", "error", "silent"], {
      placeholder: "LEVEL",
      byDefault: "warn",
      about: "what goes to standard error, as JSON lines",
    }),
    json: jsonFlag,
  },
  notes:
    "Groups start at once: group.initial.rebalance.delay.ms and group.streams.initial.rebalance.delay.ms are 0 here unless they are set (Kafka's default: 3000).",

  async run({ flags }, terminal) {
    if (flags.data === undefined)
      throw new UsageError("--data is missing; give the DIR of the data");
    const { Broker, parsePropertiesFile } = await import("@millrace/broker");
    const failed = new AbortController();
    const platform = nodePlatform({ logLevel: flags["log-level"] });
    const started: { broker?: Broker } = {};
    await using monitoring = await serveMonitoring(platform, flags, () => started.broker);
    const starting = Broker.start(platform, {
      dataDirectory: flags.data,
      ...(flags.host === undefined ? {} : { host: flags.host }),
      ...(flags.port === undefined ? {} : { port: flags.port }),
      insecureListen: flags["insecure-listen"],
      durability: flags.durability,
      partitionsMax: flags["max-partitions"],
      groupsMax: flags["max-groups"],
      properties: {
        ...properties,
        ...(flags.config === undefined
          ? {}
          : parsePropertiesFile(fileText("--config", flags.config))),
        ...Object.fromEntries(flags.override),
      },
      codecs: nodeCompression,
      signal: terminal.signal,
      onFailed: (failure) => failed.abort(failure),
    });
    const broker = await whileShown(starting, platform, terminal.progress).catch(
      (error: unknown) => {
        if (error !== terminal.signal.reason) throw error;
      },
    );
    if (broker === undefined) return; // ended while it started
    started.broker = broker;
    const registryPort = flags["registry-port"];
    const registry =
      registryPort === undefined
        ? undefined
        : await startRegistry(platform, { broker, registryPort, signal: terminal.signal });
    tell(terminal, { broker, registry, monitoring }, flags.json);
    using ends = new JoinedSignal(terminal.signal, failed.signal);
    await untilEnded(ends.signal);
    await registry?.close();
    await broker.close();
    failed.signal.throwIfAborted();
  },
});

interface Served {
  readonly broker: Broker;
  readonly registry: SchemaRegistryServer | undefined;
  readonly monitoring: HttpServer | undefined;
}

function tell(
  { print }: Terminal,
  { broker, registry, monitoring }: Served,
  isJson: boolean,
): void {
  const { clusterId } = broker;
  const { host, port } = broker.address;
  const addresses = broker.addresses.map((one) => `${one.host}:${one.port}`);
  const [schemaRegistryUrl, metricsUrl] = [registry?.url, monitoring?.url];
  if (isJson)
    return print(
      JSON.stringify({ host, port, addresses, clusterId, schemaRegistryUrl, metricsUrl }),
    );
  const more = [
    ...(registry === undefined ? [] : [`its schema registry at ${registry.url}`]),
    ...(monitoring === undefined ? [] : [`its metrics at ${monitoring.url}/metrics`]),
  ];
  print([`millrace broker is ready at ${addresses.join(" and ")}`, ...more].join(", "));
}

/** It answers while the logs are opened, too: that may take longer than one waits for a sign of life. */
async function serveMonitoring(
  platform: Platform,
  flags: {
    readonly "metrics-port": number | undefined;
    readonly "metrics-host": string;
    readonly "insecure-listen": boolean;
  },
  brokerNow: () => Broker | undefined,
): Promise<HttpServer | undefined> {
  const port = flags["metrics-port"];
  if (port === undefined) return undefined;
  const { isLoopbackHost, serveHttp } = await import("@millrace/http");
  const host = flags["metrics-host"];
  const allowInsecure = flags["insecure-listen"];
  if (!isLoopbackHost(host) && !allowInsecure)
    throw new UsageError(
      `--metrics-host is ${host}: whoever reaches it could read; give --insecure-listen too where the network is to be trusted`,
    );
  const { monitoringApp } = await import("../monitoring.ts");
  return serveHttp(platform, monitoringApp(platform, brokerNow), { host, port, allowInsecure });
}

/** A broker without one does not carry its code. A registry that does not start ends the broker. */
async function startRegistry(
  platform: Platform,
  given: { readonly broker: Broker; readonly registryPort: number; readonly signal: AbortSignal },
): Promise<SchemaRegistryServer> {
  const { broker, registryPort: port, signal } = given;
  const { host, port: brokerPort } = broker.address;
  try {
    const { SchemaRegistryServer } = await import("@millrace/schema-registry-server");
    const bootstrapServers = `${host}:${brokerPort}`;
    const codecs = nodeCompression;
    return await SchemaRegistryServer.start(
      { bootstrapServers, port, codecs, signal, groupInstanceId: "own-broker" },
      platform,
    );
  } catch (error) {
    await broker.close();
    throw error;
  }
}

/** Recovery of large logs may take long: the seconds are shown on a terminal. */
async function whileShown<Result>(
  work: Promise<Result>,
  { timers, clock }: Platform,
  progress: ProgressLine,
): Promise<Result> {
  if (!progress.isVisible) return work;
  const startMs = clock.monotonicMs();
  const ended = new AbortController();
  const shown = (async () => {
    while (!ended.signal.aborted) {
      await timers.sleep(1000, ended.signal).catch(() => {}); // ended
      const done = Math.floor((clock.monotonicMs() - startMs) / 1000);
      if (!ended.signal.aborted) progress.show({ label: "opening the logs", done, unit: "s" });
    }
  })();
  try {
    return await work;
  } finally {
    ended.abort();
    await shown;
    progress.clear();
  }
}
