import { connect as connectClient, type ConnectOptions, type KafkaClient } from "@millrace/client";
import type { Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

/**
 * Connects to a cluster from Node, for producing and consuming without streams.
 *
 * @example
 * await using client = connect({ bootstrapServers: "localhost:9092" });
 * console.log(await client.admin.listTopics());
 */
export function connect(options: ConnectOptions, platform: Platform = nodePlatform()): KafkaClient {
  return connectClient(platform, { codecs: nodeCompression, ...options });
}
