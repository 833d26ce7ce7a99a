// Making topics, writing to them for the first time and deleting them, beside many others, on both brokers in turn:
// node test/bench/topics.ts [--rounds 5] [--others 550] [--topics 100] [--partitions 4]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodePlatform } from "@millrace/platform/node";
import {
  createTopicsApi,
  deleteTopicsApi,
  metadataApi,
  produceApi,
} from "@millrace/protocol/definitions";

import { batchOf, TestClient } from "../../packages/broker/test-support/test-client.ts";
import { median } from "./median.ts";
import { kafkaMissing } from "./places.ts";
import { type BrokerKind, startBroker } from "./running-broker.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    others: { type: "string", default: "550" },
    topics: { type: "string", default: "100" },
    partitions: { type: "string", default: "4" },
  },
});
const rounds = Number(values.rounds);
const topicCount = Number(values.topics);
const otherPartitions = 5;
const timeoutMs = 60_000;
const pollMs = 5;

/** What is asked in one request, and what in one request for each topic. */
type Way = "one request" | "request by request";
type Figure = `${"make" | "first records" | "delete"}, ${Way}`;
type Millis = { answered: number; settled: number };

class Measured {
  readonly kind: BrokerKind;
  readonly samples = new Map<Figure, Millis[]>();
  readonly #client: TestClient;

  constructor(kind: BrokerKind, client: TestClient) {
    this.kind = kind;
    this.#client = client;
  }

  async addOthers(): Promise<void> {
    const others = Array.from({ length: Number(values.others) }, (_, index) => `other-${index}`);
    for (let from = 0; from < others.length; from += 50)
      await this.#make(others.slice(from, from + 50), otherPartitions);
    await this.#until(others, true);
  }

  async run(round: number): Promise<void> {
    for (const way of ["one request", "request by request"] as const) {
      const names = Array.from({ length: topicCount }, (_, index) => `t-${round}-${index}`);
      const batches = way === "one request" ? [names] : names.map((name) => [name]);
      await this.#measure(`make, ${way}`, names, true, async () => {
        for (const batch of batches) await this.#make(batch, Number(values.partitions));
      });
      await this.#measure(`first records, ${way}`, names, true, async () => {
        for (const batch of batches) await this.#write(batch);
      });
      await this.#measure(`delete, ${way}`, names, false, async () => {
        for (const batch of batches) await this.#delete(batch);
      });
    }
  }

  async #measure(
    figure: Figure,
    names: readonly string[],
    isThere: boolean,
    work: () => Promise<void>,
  ): Promise<void> {
    const startedMs = performance.now();
    await work();
    const answered = performance.now() - startedMs;
    await this.#until(names, isThere);
    const settled = performance.now() - startedMs;
    const samples = this.samples.get(figure) ?? [];
    this.samples.set(figure, [...samples, { answered, settled }]);
  }

  async #make(names: readonly string[], numPartitions: number): Promise<void> {
    const topics = names.map((name) => ({
      name,
      numPartitions,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    }));
    const answer = await this.#client.ask(createTopicsApi, 7, { topics, timeoutMs });
    check(answer?.topics);
  }

  /** A record for each partition. Kafka names leaders that are none yet: those are asked again. */
  async #write(names: readonly string[]): Promise<void> {
    let missing = names.flatMap((name) =>
      Array.from({ length: Number(values.partitions) }, (_, index) => ({ name, index })),
    );
    while (missing.length > 0) {
      const answer = await this.#client.ask(produceApi, 9, {
        acks: -1,
        timeoutMs,
        topicData: names.map((name) => ({
          name,
          partitionData: missing
            .filter((one) => one.name === name)
            .map(({ index }) => ({ index, records: batchOf(["a"]) })),
        })),
      });
      const written = new Set(
        answer?.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses
            .filter(({ errorCode }) => errorCode === 0)
            .map(({ index }) => `${name}/${index}`),
        ),
      );
      missing = missing.filter(({ name, index }) => !written.has(`${name}/${index}`));
      if (missing.length > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async #delete(names: readonly string[]): Promise<void> {
    const topics = names.map((name) => ({ name, topicId: "AAAAAAAAAAAAAAAAAAAAAA" }));
    const answer = await this.#client.ask(deleteTopicsApi, 6, { topics, timeoutMs });
    check(answer?.responses);
  }

  /** Until all partitions have a leader, or no topic is there any more. */
  async #until(names: readonly string[], isThere: boolean): Promise<void> {
    for (;;) {
      const answer = await this.#client.ask(metadataApi, 12, {
        topics: names.map((name) => ({ name })),
        allowAutoTopicCreation: false,
      });
      const isReached = answer?.topics.every(({ errorCode, partitions }) =>
        isThere
          ? errorCode === 0 && partitions.every(({ leaderId }) => leaderId >= 0)
          : errorCode !== 0,
      );
      if (isReached === true) return;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

function check(
  topics: readonly { readonly name: string | null; readonly errorCode: number }[] = [],
): void {
  const refused = topics.find(({ errorCode }) => errorCode !== 0);
  if (refused !== undefined) throw new Error(`${refused.name}: error ${refused.errorCode}`);
}

const missing = kafkaMissing();
if (missing !== undefined) console.error(`only millrace is measured: ${missing}`);
const kinds: readonly BrokerKind[] = missing === undefined ? ["millrace", "kafka"] : ["millrace"];
const folder = mkdtempSync(join(tmpdir(), "millrace-topics-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const brokers = [];
const measured: Measured[] = [];
for (const kind of kinds) {
  const broker = await startBroker(kind, join(folder, kind));
  brokers.push(broker);
  const [host, port] = broker.bootstrap.split(":");
  const client = await TestClient.connect(nodePlatform(), { host, port: Number(port) });
  const one = new Measured(kind, client);
  await one.addOthers();
  measured.push(one);
}
// The first round warms both up.
for (let round = 0; round <= rounds; round++)
  for (const one of measured) {
    await one.run(round);
    if (round === 0) one.samples.clear();
  }
for (const broker of brokers) await broker.stop();

const otherCount = Number(values.others) * otherPartitions;
console.log(
  `${topicCount} topics of ${values.partitions} partitions beside ${otherCount} partitions; medians of ${rounds} rounds`,
);
for (const figure of measured[0].samples.keys())
  for (const point of ["answered", "settled"] as const) {
    const millis = measured.map((one) =>
      median((one.samples.get(figure) ?? []).map((sample) => sample[point])),
    );
    const told = millis.map((value, at) => `${measured[at].kind} ${value.toFixed(0)} ms`);
    const ratio = millis.length > 1 ? `, ${(millis[0] / millis[1]).toFixed(2)}x` : "";
    console.log(`${figure}, ${point}: ${told.join(", ")}${ratio}`);
  }
process.exit(0);
