import { noHeaders } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { errorRow, type Api, type Decoded, type Given, type Message } from "@millrace/protocol";
import { createTopicsApi, listOffsetsApi, produceApi } from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";

import { TestClient } from "../../../packages/broker/test-support/test-client.ts";
import { normalize } from "./normalize.ts";

/** A script of requests whose answers are compared between brokers. */
export interface Scenario {
  readonly name: string;
  run(asking: Asking): Promise<void>;
}

export interface CreatedTopic {
  readonly name: string;
  readonly id: string;
}

/** A batch that nothing is wrong with. */
export function batchOf(
  count = 1,
  producer: Parameters<RecordBatchBuilder["build"]>[0] = {},
): Uint8Array {
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  for (let index = 0; index < count; index++) {
    builder.append(1_700_000_000_000, null, new Uint8Array(5), noHeaders);
  }
  return builder.build(producer).slice();
}

/** What a scenario asks with: all answers go onto its list, without what differs from run to run. */
export class Asking implements Disposable {
  readonly #address: string;
  readonly #answers: string[] = [];
  #client: TestClient | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  get answers(): readonly string[] {
    return this.#answers;
  }

  /** Sends a request and notes the answer behind `label`. */
  async ask<Request extends Message, Response extends Message>(
    label: string,
    api: Api<Request, Response>,
    version: number,
    body: Given<Request>,
  ): Promise<Decoded<Response> | undefined> {
    const answer = await this.send(api, version, body);
    this.#answers.push(`${label}: ${JSON.stringify(normalize(answer ?? "(closed)"))}`);
    return answer;
  }

  /** Sends a request whose answer is not compared. */
  async send<Request extends Message, Response extends Message>(
    api: Api<Request, Response>,
    version: number,
    body: Given<Request>,
  ): Promise<Decoded<Response> | undefined> {
    if (this.#client === undefined || this.#client.isClosed) {
      const [host, port] = this.#address.split(":");
      this.#client = await TestClient.connect(nodePlatform(), { host, port: Number(port) });
    }
    return this.#client.ask(api, version, body);
  }

  note(label: string, fact: unknown): void {
    this.#answers.push(`${label}: ${JSON.stringify(normalize(fact))}`);
  }

  /** Creates a topic, and waits until its partitions have a leader. */
  async topic(
    name: string,
    options: {
      readonly partitions?: number;
      readonly configs?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<CreatedTopic> {
    const configs = Object.entries(options.configs ?? {}).map(([key, value]) => ({
      name: key,
      value,
    }));
    const { partitions: numPartitions = 1 } = options;
    const answer = await this.send(createTopicsApi, 7, {
      topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs }],
      timeoutMs: 10_000,
    });
    if (answer === undefined) throw new Error(`${name} was not created`);
    const [{ errorCode, topicId }] = answer.topics;
    if (errorCode !== 0) throw new Error(`${name}: ${errorRow(errorCode).name}`);
    await this.#awaitLeaders(name, numPartitions);
    return { name, id: topicId };
  }

  async #awaitLeaders(name: string, count: number): Promise<void> {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1,
    }));
    for (let attempt = 0; attempt < 400; attempt++) {
      const body = { replicaId: -1, topics: [{ name, partitions }] };
      const answer = await this.send(listOffsetsApi, 7, body);
      const found = answer === undefined ? [] : answer.topics[0].partitions;
      if (found.length === count && found.every(({ errorCode }) => errorCode === 0)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`${name} has no leader`);
  }

  /** Sends one batch to partition 0, which the broker must take. */
  async fill(name: string, records: Uint8Array): Promise<void> {
    const errorCode = await this.produce(name, records);
    if (errorCode !== 0) throw new Error(`${name}: ${errorRow(errorCode ?? -1).name}`);
  }

  /** Sends one batch to partition 0; the error code of the answer. */
  async produce(name: string, records: Uint8Array): Promise<number | undefined> {
    const answer = await this.send(produceApi, 12, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name, partitionData: [{ index: 0, records }] }],
    });
    return answer?.responses[0].partitionResponses[0].errorCode;
  }

  [Symbol.dispose](): void {
    this.#client?.connection.destroy();
  }
}
