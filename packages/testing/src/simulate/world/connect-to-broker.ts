import { connect, type KafkaClient } from "@millrace/client";
import type { Platform } from "@millrace/platform";
import { nodeCompression } from "@millrace/protocol/compression";

export const brokerPort = 9092;

/** As short as virtual time and its faults are. */
export function connectToBroker(platform: Platform, clientId: string): KafkaClient {
  return connect(platform, {
    bootstrapServers: `127.0.0.1:${brokerPort}`,
    clientId,
    codecs: nodeCompression,
    requestTimeout: 1_500,
    apiTimeout: 6_000,
    connectTimeout: 1_000,
    reconnectBackoff: 20,
    reconnectBackoffMax: 200,
    retryBackoff: 20,
    retryBackoffMax: 200,
  });
}
