import { ClusterError } from "@millrace/cluster";
import type { Broker, Cluster, Consumer, Kafka, PartitionAssigner } from "kafkajs";

import { InFlight } from "./in-flight.ts";
import { mayPass } from "./kafkajs-failure.ts";

/** Never joined, never told to a broker: a consumer of kafkajs must have one. */
const unusedGroupId = "millrace-never-joined";

export interface LinkOptions {
  readonly isolation: "read_committed" | "read_uncommitted";
}

/** So many failures in a row, and the next attempt has connections of its own. */
const failuresMax = 3;

/**
 * Connections of one part, such as a reader: they are the user's in every respect (brokers, TLS, sign-in, socket factory,
 * logger, retries), since a consumer of the user's `Kafka` opens them.
 *
 * kafkajs hands its `Cluster`, and through it its `Broker`s, to who assigns partitions; both are types that it exports.
 * The consumer itself is never run, so that it joins no group. See decision 053.
 *
 * kafkajs does not always find out that a connection is dead: after a few failures in a row another consumer takes over.
 */
export class KafkajsLink {
  readonly #kafka: Kafka;
  readonly #options: LinkOptions;
  #opened: OpenedCluster;
  #inFlight = new InFlight();
  #failureCount = 0;
  #isClosed = false;
  readonly #endings = new Set<Promise<void>>();

  constructor(kafka: Kafka, options: LinkOptions) {
    this.#kafka = kafka;
    this.#options = options;
    this.#opened = openCluster(kafka, options);
  }

  /** All that goes to the cluster goes through here. */
  async through<T>(work: (ready: ReadyLink) => Promise<T>): Promise<T> {
    const opened = this.#opened;
    try {
      if (this.#isClosed) throw linkClosed();
      const result = await this.#inFlight.add(useReady(opened.cluster, work));
      this.#failureCount = 0;
      return result;
    } catch (error) {
      if (mayPass(error) && opened === this.#opened && ++this.#failureCount >= failuresMax)
        this.#renew();
      throw error;
    }
  }

  /** May wait for what is on its way: whoever closes bounds it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { consumer } = this.#opened;
    await Promise.all([...this.#endings, this.#inFlight.end(() => consumer.disconnect())]);
  }

  #renew(): void {
    const { consumer } = this.#opened;
    const inFlight = this.#inFlight;
    this.#opened = openCluster(this.#kafka, this.#options);
    this.#inFlight = new InFlight();
    this.#failureCount = 0;
    const ending = inFlight
      .end(() => consumer.disconnect())
      .catch(() => {}) // it was given up
      .finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }
}

/** A cluster that was connected a moment ago. */
export class ReadyLink {
  readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  broker(nodeId: number): Promise<Broker> {
    return this.cluster.findBroker({ nodeId: `${nodeId}` });
  }

  /** Whichever answers. */
  async anyBroker(): Promise<Broker> {
    let failure: unknown;
    for (const nodeId of this.cluster.getNodeIds()) {
      try {
        return await this.broker(nodeId);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  coordinator(groupId: string): Promise<Broker> {
    return this.cluster.findGroupCoordinator({ groupId });
  }
}

function linkClosed(): ClusterError {
  return new ClusterError("CLUSTER_CLOSED", "this part of the client is closed; open another one");
}

interface OpenedCluster {
  readonly cluster: Cluster;
  readonly consumer: Consumer;
}

function openCluster(kafka: Kafka, { isolation }: LinkOptions): OpenedCluster {
  let found: Cluster | undefined;
  const lookAtCluster: PartitionAssigner = ({ cluster }) => {
    found = cluster;
    return neverAssigns;
  };
  const consumer = kafka.consumer({
    groupId: unusedGroupId,
    partitionAssigners: [lookAtCluster],
    readUncommitted: isolation === "read_uncommitted",
    allowAutoTopicCreation: false,
  });
  if (found === undefined) throw notKafkajs("no cluster for its partition assigners");
  return { cluster: found, consumer };
}

/** Connects where nothing is connected (any more). */
async function useReady<T>(cluster: Cluster, work: (ready: ReadyLink) => Promise<T>): Promise<T> {
  await cluster.connect();
  if (cluster.getNodeIds().length === 0) await cluster.refreshMetadata();
  return work(new ReadyLink(cluster));
}

const neverAssigns: ReturnType<PartitionAssigner> = {
  name: "millrace",
  version: 0,
  assign: async () => [],
  protocol: () => ({ name: "millrace", metadata: Buffer.alloc(0) }),
};

/** @param what it does not have */
export function notKafkajs(what: string): ClusterError {
  return new ClusterError(
    "UNSUPPORTED_BY_CLIENT",
    `kafkajsCluster takes a Kafka of kafkajs 2.2; this one has ${what}. Install kafkajs 2.2, or give StreamsApp the cluster's address: it has a client of its own`,
  );
}
