// A registry as a process, to be killed: with a broker of its own where it is given a folder.
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";

export interface RegistryProcessOptions {
  /** Folder of a broker of its own; else `bootstrapServers`. */
  readonly data?: string;
  readonly bootstrapServers?: string;
  readonly sessionTimeout: string;
  readonly groupInstanceId?: string;
}

const [text] = process.argv.slice(2);
const { data, bootstrapServers, sessionTimeout, groupInstanceId } = JSON.parse(
  text,
) as RegistryProcessOptions;
const platform = nodePlatform({ logLevel: "warn" });
const broker = data === undefined ? undefined : await startBroker(data);
const registry = await SchemaRegistryServer.start(
  {
    bootstrapServers: bootstrapServers ?? `${broker?.address.host}:${broker?.address.port}`,
    port: 0,
    sessionTimeout: sessionTimeout as `${number}ms`,
    ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
  },
  platform,
);
console.log(registry.url);

async function startBroker(dataDirectory: string) {
  const { Broker } = await import("@millrace/broker"); // else it is not loaded: many are started
  return Broker.start(platform, {
    dataDirectory,
    port: 0,
    durability: "group",
    properties: { "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 500 },
    codecs: nodeCompression,
  });
}
