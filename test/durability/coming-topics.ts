import { decodeUtf8 } from "@millrace/model";
import type { NetworkAddress, Platform } from "@millrace/platform";
import { deleteTopicsApi, metadataApi } from "@millrace/protocol/definitions";
import { readBatchSizeBytes, RecordBatchReader } from "@millrace/protocol/records";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";

interface Topic {
  /** How often a topic of this name was asked for. */
  generation: number;
  /** Undefined: it was asked to come, or to go, and no answer came. */
  isThere: boolean | undefined;
  /** Lines of this generation that were acknowledged. */
  lineCount: number;
}

const names = ["a", "b", "c", "d"];
const partitionCount = 2;
const configs = { "retention.ms": "-1" };
const deleteChance = 4;
const pauseMsMax = 40;
const answerMsMax = 1500;

class NoAnswerError extends Error {}

/** Topics of few names that come, are written to, go, and come again: what was acknowledged of each holds. */
export class ComingTopics {
  readonly violations: string[] = [];
  createdCount = 0;
  deletedCount = 0;
  readonly #platform: Platform;
  readonly #address: NetworkAddress;
  readonly #topics = new Map<string, Topic>(
    names.map((name) => [name, { generation: 0, isThere: false, lineCount: 0 }]),
  );

  constructor(platform: Platform, address: NetworkAddress) {
    this.#platform = platform;
    this.#address = address;
  }

  /** Looks at all that is there whenever it has come to a broker, and changes it, until it is over. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver())
      await this.#connected(async (client) => {
        await this.#check(client);
        while (!isOver()) {
          await this.#change(client, names[this.#platform.random.below(names.length)]);
          await this.#platform.timers.sleep(this.#platform.random.below(pauseMsMax));
        }
      });
  }

  /** Looks at all once more. */
  async audit(): Promise<void> {
    while (!(await this.#connected((client) => this.#check(client))));
  }

  /** False: the broker went meanwhile. */
  async #connected(work: (client: TestClient) => Promise<void>): Promise<boolean> {
    let client: TestClient | undefined;
    try {
      client = await TestClient.connect(this.#platform, this.#address);
      await work(client);
      return true;
    } catch (error) {
      if (client !== undefined && !(error instanceof NoAnswerError)) throw error;
      await this.#platform.timers.sleep(20);
      return false;
    } finally {
      client?.connection.destroy();
    }
  }

  async #change(client: TestClient, name: string): Promise<void> {
    const topic = this.#topic(name);
    if (topic.isThere !== true) {
      Object.assign(topic, { isThere: undefined, generation: topic.generation + 1, lineCount: 0 });
      const answer = await this.#within(client.createTopic(name, partitionCount, configs));
      this.#expectNone(`creating ${name}`, answer.topics[0].errorCode);
      topic.isThere = true;
      this.createdCount++;
    } else if (this.#platform.random.below(deleteChance) === 0) {
      topic.isThere = undefined;
      const request = { topicNames: [name], timeoutMs: 1000 };
      const answer = await this.#within(client.ask(deleteTopicsApi, 5, request));
      this.#expectNone(`deleting ${name}`, answer.responses[0].errorCode);
      topic.isThere = false;
      this.deletedCount++;
    } else {
      const answer = await this.#within(client.produce(name, [lineOf(name, topic)]));
      if (answer.errorCode === 0) topic.lineCount++;
    }
  }

  async #check(client: TestClient): Promise<void> {
    const { topics } = await this.#within(client.ask(metadataApi, 9, { topics: null }));
    const found = new Set(topics.map(({ name }) => name));
    for (const [name, topic] of this.#topics) {
      const isThere = found.has(name);
      if (isThere !== (topic.isThere ?? isThere))
        this.violations.push(`${name} ${topic.generation} is ${isThere ? "" : "not "}there`);
      topic.isThere = isThere;
      if (!isThere) continue;
      const { errorCode, records } = await this.#within(client.fetch(name, 0));
      this.#expectNone(`reading ${name}`, errorCode);
      const lines = linesIn(records ?? new Uint8Array(0));
      const others = lines.filter((line) => line !== lineOf(name, topic));
      if (others.length > 0) this.violations.push(`${lineOf(name, topic)} has ${others[0]}`);
      if (lines.length < topic.lineCount)
        this.violations.push(`${lineOf(name, topic)}: ${lines.length} of ${topic.lineCount} lines`);
    }
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Error(`${name} is none of these`);
    return topic;
  }

  #expectNone(what: string, errorCode: number): void {
    if (errorCode !== 0) this.violations.push(`${what}: error ${errorCode}`);
  }

  /** @throws NoAnswerError */
  async #within<Answer>(asked: Promise<Answer | undefined>): Promise<Answer> {
    const silence = this.#platform.timers.sleep(answerMsMax).then(() => undefined);
    const answer = await Promise.race([asked, silence]);
    if (answer === undefined) throw new NoAnswerError();
    return answer;
  }
}

function lineOf(name: string, { generation }: Topic): string {
  return `${name} ${generation}`;
}

function linesIn(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let position = 0; position < bytes.length; position += readBatchSizeBytes(bytes, position)) {
    const batch = new RecordBatchReader({ bytes, position });
    while (batch.next()) lines.push(decodeUtf8(batch.value ?? new Uint8Array(0)));
  }
  return lines;
}
