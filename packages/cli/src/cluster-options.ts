import { connect } from "@millrace/client";
import type { ClusterClient } from "@millrace/cluster";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

/** The option that all commands for a running cluster have. */
export const bootstrapOption = {
  bootstrap: { type: "string", default: "127.0.0.1:9092" },
} as const;

export const bootstrapUsage = "  --bootstrap HOST:PORT,…  default 127.0.0.1:9092";

export function connectTo(bootstrapServers: string): ClusterClient {
  return connect(nodePlatform({ logLevel: "error" }), {
    bootstrapServers,
    codecs: nodeCompression,
  });
}
