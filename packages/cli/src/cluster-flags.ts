import { connect, type KafkaClient } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

import { textFlag } from "./flags/flag.ts";

/** Flags that all commands for a running cluster have. */
export const clusterFlags = {
  "bootstrap-server": textFlag({
    placeholder: "HOST:PORT,…",
    about: "where the cluster is",
    aliases: ["bootstrap", "bootstrap-servers"],
    byDefault: "127.0.0.1:9092",
  }),
};

/** Opens a client, lets it work, and closes it. */
export async function withClient<Result>(
  bootstrapServers: string,
  work: (client: KafkaClient) => Promise<Result>,
): Promise<Result> {
  const client = connect(nodePlatform({ logLevel: "error" }), {
    bootstrapServers,
    clientId: "millrace-cli",
    bootstrapTimeout: "5s",
    codecs: nodeCompression,
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
