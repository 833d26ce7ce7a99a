import type { KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import type { CommandConfig } from "./command-config.ts";
import { textFlag } from "./flags/flag.ts";

/** Flags that all commands for a running cluster have. */
export const clusterFlags = {
  "bootstrap-server": textFlag({
    placeholder: "HOST:PORT,…",
    about: "where the cluster is",
    aliases: ["bootstrap", "bootstrap-servers"],
    byDefault: "127.0.0.1:9092",
  }),
  "command-config": textFlag({
    placeholder: "FILE",
    about: "a client's properties under Kafka's names: security.protocol, sasl.*, ssl.*",
  }),
};

/** Where the cluster is, and how it is reached. */
export interface ClusterPlace {
  readonly "bootstrap-server": string;
  readonly "command-config"?: string | undefined;
}

/** Reads a client's properties, by code of the broker's that few need. */
export async function commandConfig(file: string): Promise<CommandConfig> {
  const { readCommandConfig } = await import("./command-config.ts");
  return readCommandConfig(file);
}

/** Opens a client, lets it work, and closes it. */
export async function withClient<Result>(
  place: ClusterPlace,
  work: (client: KafkaClient) => Promise<Result>,
): Promise<Result> {
  const file = place["command-config"];
  const { connect } = await import("@millrace/client");
  const client = connect(nodePlatform({ logLevel: "error" }), {
    bootstrapServers: place["bootstrap-server"],
    clientId: "millrace-cli",
    bootstrapTimeout: "5s",
    codecs: nodeCompression,
    ...(file === undefined ? {} : await commandConfig(file)),
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
