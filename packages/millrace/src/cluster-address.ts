import type { ConnectOptions } from "@millrace/client";
import type { ClusterClient } from "@millrace/cluster";
import type { Platform } from "@millrace/platform";

import { connect } from "./connect.ts";
import { EmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { makeMissingTopics, type TopicCounts } from "./missing-topics.ts";

/**
 * Where a program's cluster is:
 * - `"kafka-1:9092,kafka-2:9092"` or `{ bootstrapServers, … }`: a cluster, Apache Kafka's or Millrace's;
 * - `"embedded:./data"`: a broker started with the program, and closed with it; or that of another process which has the
 *   folder open, as long as it has;
 * - an `EmbeddedCluster` that the program started itself, and closes itself;
 * - a client that the program has, such as `kafkajsCluster(kafka)` of `@millrace/kafkajs`, and closes itself.
 */
export type ClusterAddress = string | EmbeddedCluster | ConnectOptions | ClusterClient;

/** Promises are none, which is what a forgotten `await` leaves. */
export function isClusterAddress(given: unknown): given is ClusterAddress {
  if (typeof given === "string") return given !== "" && given !== embeddedPrefix;
  if (isClusterClient(given)) return true;
  if (typeof given !== "object" || given === null) return false;
  // A `TestCluster` has both: it is reached by its client.
  return "bootstrapServers" in given && !("client" in given);
}

/** By what it is asked for first: who implements the port has a class of its own. */
export function isClusterClient(given: unknown): given is ClusterClient {
  if (typeof given !== "object" || given === null) return false;
  return "capabilities" in given && given.capabilities instanceof Set && "openMembership" in given;
}

/** A client, and what ends together with it. */
export interface ConnectedCluster {
  readonly client: ClusterClient;
  readonly dispose: () => Promise<void>;
  /** Aborts once the cluster is gone for good. */
  readonly gone: AbortSignal | undefined;
  /** How other threads connect to it; undefined: the program has the client, and nobody else does. */
  readonly connection: ConnectOptions | undefined;
}

const embeddedPrefix = "embedded:";

/**
 * Turns an address into a client; starts the embedded broker that it may name, and makes missing topics.
 *
 * @throws EmbeddedClusterError `BROKER_CLOSED`; ClusterError; the signal's reason
 */
export async function connectCluster(
  address: ClusterAddress,
  {
    platform,
    topics,
    metadataMaxAge,
    signal,
  }: {
    readonly platform: Platform;
    readonly topics?: TopicCounts;
    /** Of the application: its sinks see what the client knows. */
    readonly metadataMaxAge?: ConnectOptions["metadataMaxAge"];
    /** Gives up waiting for the cluster. */
    readonly signal?: AbortSignal;
  },
): Promise<ConnectedCluster> {
  if (isClusterClient(address)) {
    await makeMissingTopics(address.admin, topics, { logger: platform.logger, signal });
    return { client: address, dispose: async () => {}, gone: undefined, connection: undefined };
  }
  if (address instanceof EmbeddedCluster) address.gone.throwIfAborted();
  const isEmbedded = typeof address === "string" && address.startsWith(embeddedPrefix);
  const embedded = isEmbedded
    ? await EmbeddedCluster.start({ data: address.slice(embeddedPrefix.length), signal })
    : undefined;
  const connection = connectOptions(embedded ?? address);
  const client = connect({ metadataMaxAge, ...connection }, platform);
  const dispose = async (): Promise<void> => {
    await client.close();
    await embedded?.close();
  };
  try {
    await makeMissingTopics(client.admin, topics, { logger: platform.logger, signal });
    const cluster = embedded ?? address;
    const gone = cluster instanceof EmbeddedCluster ? cluster.gone : undefined;
    return { client, dispose, gone, connection };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function connectOptions(address: string | EmbeddedCluster | ConnectOptions): ConnectOptions {
  if (typeof address === "string") return { bootstrapServers: address };
  return address instanceof EmbeddedCluster
    ? { bootstrapServers: address.bootstrapServers }
    : address;
}
