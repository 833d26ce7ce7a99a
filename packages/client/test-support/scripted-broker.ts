import { concatBytes } from "@millrace/model";
import type { Connection, Platform } from "@millrace/platform";
import {
  decodeBody,
  decodeRequestHeader,
  encodeResponse,
  FrameSplitter,
  type Api,
  type Decoded,
  type Fields,
  type Given,
  type Message,
} from "@millrace/protocol";
import { apis, apiVersionsApi, metadataApi } from "@millrace/protocol/definitions";

/** A request as it came. */
export interface Asked {
  readonly name: string;
  readonly version: number;
  readonly body: unknown;
}

/** What a handler may do instead of answering. */
export type Refusal = "close" | "silence" | { readonly raw: readonly Uint8Array[] };

type Handler = (
  body: never,
  request: { readonly version: number; readonly correlationId: number },
) => unknown | Refusal | Promise<unknown | Refusal>;

/** One topic of the scripted cluster: the leader of each partition. */
export interface ScriptedTopic {
  readonly name: string;
  readonly topicId?: string;
  leaders: number[];
  /** Of all partitions; by default none is told. */
  readonly leaderEpoch?: number;
  /** Errors of partitions that have no leader, whatever `leaders` say. */
  offline?: Readonly<Record<number, number>>;
}

/** What all nodes of a scripted cluster tell. */
export interface ScriptedCluster {
  readonly nodes: Map<number, { readonly host: string; readonly port: number }>;
  readonly topics: Map<string, ScriptedTopic>;
  /** Level of `transaction.version`; 0: not finalised. */
  transactionVersion: number;
  /** As of which features are told; -1: the broker does not know yet. */
  featuresEpoch: number;
}

/**
 * A peer that speaks by the protocol's own codecs and does what a test tells it: every request is noted, every
 * answer is the test's.
 */
export class ScriptedBroker {
  readonly asked: Asked[] = [];
  readonly #cluster: ScriptedCluster;
  readonly #lost = new Set<string>();
  readonly #handlers = new Map<number, Handler>();
  readonly #connections = new Set<Connection>();
  readonly nodeId: number;
  address = { host: "127.0.0.1", port: 0 };

  private constructor(nodeId: number, cluster: ScriptedCluster) {
    this.nodeId = nodeId;
    this.#cluster = cluster;
    this.on(apiVersionsApi, () => this.#versions());
    this.on(metadataApi, ({ topics }) => this.#metadata(topics));
  }

  static async start(
    platform: Platform,
    nodeId: number,
    cluster: ScriptedCluster,
  ): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(nodeId, cluster);
    const listener = await platform.network.listen({ host: "127.0.0.1", port: 0 }, (connection) =>
      broker.#accept(connection),
    );
    broker.address = listener.address;
    cluster.nodes.set(nodeId, listener.address);
    return broker;
  }

  /** Sets, or replaces, what requests of an API are answered. */
  on<Q extends Fields, A extends Fields>(
    api: Api<Message<Q>, Message<A>>,
    handler: (
      body: Decoded<Message<Q>>,
      request: { readonly version: number; readonly correlationId: number },
    ) => Given<Message<A>> | Refusal | Promise<Given<Message<A>> | Refusal>,
  ): void {
    this.#handlers.set(api.key, handler as Handler);
  }

  /** The next request of one API is never answered. */
  loseNext(name: string): void {
    this.#lost.add(name);
  }

  /** Requests of one API so far. */
  of(name: string): readonly Asked[] {
    return this.asked.filter((one) => one.name === name);
  }

  dropAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #accept(connection: Connection): void {
    const splitter = new FrameSplitter();
    this.#connections.add(connection);
    let last: Promise<void> = Promise.resolve();
    connection.handler = {
      data: (chunk) => {
        splitter.push(chunk);
        for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
          const own = frame;
          last = last.then(() => this.#answer(connection, own));
        }
      },
      drained: () => {},
      closed: () => this.#connections.delete(connection),
    };
  }

  async #answer(connection: Connection, frame: Uint8Array): Promise<void> {
    const header = decodeRequestHeader(frame);
    const { api, apiVersion: version, correlationId, bodyStart } = header;
    const body = decodeBody(api.request, version, frame, bodyStart);
    this.asked.push({ name: api.name, version, body });
    const handler = this.#handlers.get(api.key);
    if (handler === undefined) throw new Error(`the script has no answer to ${api.name}`);
    const answer = await handler(body as never, { version, correlationId });
    if (answer === "silence" || this.#lost.delete(api.name)) return;
    if (answer === "close") connection.destroy();
    else if (isRaw(answer)) connection.write(answer.raw);
    else
      connection.write([
        concatBytes(...encodeResponse(api, { version, correlationId }, answer as never)),
      ]);
  }

  #versions() {
    const level = this.#cluster.transactionVersion;
    return {
      errorCode: 0,
      apiKeys: [...apis.values()].map(({ key, versions, advertisedMin }) => ({
        apiKey: key,
        minVersion: advertisedMin,
        maxVersion: versions.max,
      })),
      finalizedFeaturesEpoch: this.#cluster.featuresEpoch,
      finalizedFeatures:
        level === 0
          ? []
          : [{ name: "transaction.version", maxVersionLevel: level, minVersionLevel: level }],
    };
  }

  #metadata(wanted: readonly { readonly name: string | null }[] | null) {
    const { nodes, topics } = this.#cluster;
    const names = wanted === null ? [...topics.keys()] : wanted.map(({ name }) => name ?? "");
    return {
      clusterId: "scripted",
      controllerId: this.nodeId,
      brokers: [...nodes].map(([nodeId, address]) => ({ nodeId, ...address })),
      topics: names.map((name) => {
        const topic = topics.get(name);
        return {
          errorCode: topic === undefined ? 3 : 0,
          name,
          topicId: topic?.topicId ?? "AAAAAAAAAAAAAAAAAAAAAA",
          partitions: (topic?.leaders ?? []).map((leader, partitionIndex) => {
            const errorCode = topic?.offline?.[partitionIndex] ?? 0;
            const leaderId = errorCode === 0 ? leader : -1;
            return {
              errorCode,
              partitionIndex,
              leaderId,
              leaderEpoch: topic?.leaderEpoch ?? -1,
              replicaNodes: [leader],
              isrNodes: [leader],
            };
          }),
        };
      }),
    };
  }
}

export function scriptedCluster(topics: readonly ScriptedTopic[] = []): ScriptedCluster {
  return {
    nodes: new Map(),
    topics: new Map(topics.map((topic) => [topic.name, topic])),
    transactionVersion: 0,
    featuresEpoch: 1,
  };
}

function isRaw(answer: unknown): answer is { readonly raw: readonly Uint8Array[] } {
  return typeof answer === "object" && answer !== null && "raw" in answer;
}
