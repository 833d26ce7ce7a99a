import { noHeaders } from "@millrace/model";
import type { ClientTls, Connection, NetworkAddress, Platform } from "@millrace/platform";
import {
  type Api,
  codecOf,
  type Decoded,
  FrameSplitter,
  type Given,
  type Message,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
} from "@millrace/protocol";
import {
  createTopicsApi,
  fetchApi,
  listOffsetsApi,
  offsetCommitApi,
  produceApi,
} from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { Reader, Writer } from "@millrace/protocol/wire";

/** A client that sends what a test says and hands over what comes, in order. */
export class TestClient {
  readonly connection: Connection;
  readonly #frames = new FrameSplitter();
  readonly #waiting: ((frame: Uint8Array | undefined) => void)[] = [];
  #correlationId = 0;
  isClosed = false;

  private constructor(connection: Connection) {
    this.connection = connection;
    connection.handler = {
      data: (chunk) => {
        this.#frames.push(chunk);
        for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next())
          this.#waiting.shift()?.(frame);
      },
      drained: () => {},
      closed: () => {
        this.isClosed = true;
        for (const wait of this.#waiting) wait(undefined);
      },
    };
  }

  static async connect(
    platform: Platform,
    address: NetworkAddress,
    tls?: ClientTls,
  ): Promise<TestClient> {
    return new TestClient(await platform.network.connect(address, undefined, tls));
  }

  /** Undefined: the connection was closed instead. */
  async ask<Request extends Message, Response extends Message>(
    api: Api<Request, Response>,
    version: number,
    request: Given<Request>,
  ): Promise<Decoded<Response> | undefined> {
    const id = this.#correlationId;
    const frame = await this.send(this.#encode(api, version, request));
    if (frame === undefined) return undefined;
    const reader = new Reader(frame);
    const answered = readResponseHeader(reader, responseHeaderVersion(api as Api, version));
    if (answered !== id) throw new Error(`response ${answered} came in the place of ${id}`);
    return codecOf(api.response as Message, version).read(reader) as Decoded<Response>;
  }

  /** Sends a request that has no response. */
  tell<Request extends Message>(api: Api<Request>, version: number, request: Given<Request>): void {
    this.connection.write(this.#encode(api, version, request));
  }

  #encode<Request extends Message>(
    api: Api<Request>,
    version: number,
    request: Given<Request>,
  ): readonly Uint8Array[] {
    const id = this.#correlationId++;
    const writer = new Writer();
    writer.writeInt32(0);
    const header = { apiKey: api.key, apiVersion: version, correlationId: id, clientId: "test" };
    writeRequestHeader(writer, header, requestHeaderVersion(api as Api, version));
    codecOf(api.request as Message, version).write(writer, request as never);
    writer.patchInt32AtStart(writer.size - 4);
    return writer.parts();
  }

  /** Sends bytes as they are; gives the next frame that nobody else waits for. */
  send(parts: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
    if (this.isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.connection.write(parts);
    });
  }

  createTopic(name: string, numPartitions = 1, configs: Readonly<Record<string, string>> = {}) {
    return this.ask(createTopicsApi, 7, {
      topics: [
        {
          name,
          numPartitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([property, value]) => ({ name: property, value })),
        },
      ],
    });
  }

  async produce(topic: string, values: readonly string[], acks = -1, partition = 0) {
    const response = await this.ask(produceApi, 9, produceRequest(topic, values, acks, partition));
    return response?.responses[0].partitionResponses[0];
  }

  async fetch(topic: string, fetchOffset: number, maxWaitMs = 0) {
    const response = await this.ask(fetchApi, 12, {
      maxWaitMs,
      minBytes: 1,
      topics: [
        { topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] },
      ],
    });
    return response?.responses[0].partitions[0];
  }

  async commitOffset(groupId: string, topic: string, committedOffset: number) {
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: "" }];
    const response = await this.ask(offsetCommitApi, 7, {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: "",
      topics: [{ name: topic, partitions }],
    });
    return response?.topics[0].partitions[0].errorCode;
  }

  async endOffset(topic: string) {
    const response = await this.ask(listOffsetsApi, 7, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
    });
    return response?.topics[0].partitions[0].offset;
  }
}

export function produceRequest(topic: string, values: readonly string[], acks = -1, partition = 0) {
  const partitionData = [{ index: partition, records: batchOf(values) }];
  return { acks, timeoutMs: 1000, topicData: [{ name: topic, partitionData }] };
}

export function batchOf(values: readonly string[]): Uint8Array {
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  for (const value of values)
    builder.append(1_700_000_000_000, null, new TextEncoder().encode(value), noHeaders);
  return builder.build();
}
