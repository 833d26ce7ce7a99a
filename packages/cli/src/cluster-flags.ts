import { connect, type KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import { readCommandConfig } from "./command-config.ts";
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

/** Opens a client, lets it work, and closes it. */
export async function withClient<Result>(
  place: ClusterPlace,
  work: (client: KafkaClient) => Promise<Result>,
): Promise<Result> {
  const file = place["command-config"];
  const client = connect(nodePlatform({ logLevel: "error" }), {
    bootstrapServers: place["bootstrap-server"],
    clientId: "millrace-cli",
    bootstrapTimeout: "5s",
    codecs: nodeCompression,
    ...(file === undefined ? {} : readCommandConfig(file)),
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
