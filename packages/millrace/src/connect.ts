import { connect as connectClient, type ConnectOptions, type KafkaClient } from "@millrace/client";
import { isPromise } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";

/**
 * Connects to a cluster from Node, for producing and consuming without streams.
 *
 * @example
 * await using client = connect({ bootstrapServers: "localhost:9092" });
 * const producer = client.producer({ key: string(), value: json(Order) });
 * await producer.send({ topic: "orders", key: "ada", value: { total: 12 } });
 */
export function connect(options: ConnectOptions, platform: Platform = nodePlatform()): KafkaClient {
  // Whatever is no object is left to the check, which says what it is.
  const isObject = typeof options === "object" && options !== null && !isPromise(options);
  return connectClient(platform, isObject ? { codecs: nodeCompression, ...options } : options);
}
