import { connect, type KafkaClient } from "@millrace/client";
import type { BatchWriter } from "@millrace/cluster";
import { BaseError, encodeUtf8, InvariantError, noHeaders } from "@millrace/model";
import type { NetworkAddress, Platform } from "@millrace/platform";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import type { Attempt, Ledger, Line } from "./ledger.ts";
import { changeRules } from "./rules.ts";
import {
  compactedTopic,
  group,
  guardedTopic,
  keptTopic,
  partitionCount,
  shortTopic,
  topics,
} from "./topics.ts";

export interface LoadOptions {
  readonly platform: Platform;
  readonly address: NetworkAddress;
  readonly ledger: Ledger;
  readonly isOver: () => boolean;
}

const linesMax = 6;
const keyCount = 8;
const deliveryTimeoutMs = 5000;
const transactionTimeoutMs = 5000;
const abortChance = 20;
const pauseMsMax = 15;
const answerMsMax = 5000;

/** Errors that say that something was lost: nothing here may lead to them. */
const lossCodes: ReadonlySet<string> = new Set(["LOG_CORRUPTED", "OFFSET_OUT_OF_RANGE"]);

/** Writers of all kinds, whose broker dies now and then, until it is over. */
export async function runLoad(options: LoadOptions): Promise<void> {
  await Promise.all([
    again(options, writeFlushes),
    again(options, writeTransactions),
    again(options, writePlainly),
    again(options, (_client, given) => changeRules(given)),
  ]);
}

async function again(
  options: LoadOptions,
  work: (client: KafkaClient, options: LoadOptions) => Promise<void>,
): Promise<void> {
  while (!options.isOver()) {
    const client = connectTo(options);
    try {
      await client.admin.createTopics([...topics, { name: guardedTopic, partitionCount: 1 }]);
      await work(client, options);
    } catch (error) {
      judgeFailure(options.ledger, error);
    }
    await client.close();
    await options.platform.timers.sleep(5);
  }
}

export function connectTo({ platform, address: { host, port } }: LoadOptions): KafkaClient {
  return connect(platform, {
    bootstrapServers: `${host}:${port}`,
    requestTimeout: 1500,
    apiTimeout: 6000,
    connectTimeout: 1000,
    reconnectBackoff: 10,
    reconnectBackoffMax: 50,
    retryBackoff: 10,
    retryBackoffMax: 50,
  });
}

async function writeFlushes(client: KafkaClient, options: LoadOptions): Promise<void> {
  const { ledger, isOver } = options;
  const writer = client.openWriter({ deliveryTimeoutMs });
  const number = ledger.nextWriter();
  await writer.prepare(topics.map(({ name }) => name));
  while (!isOver()) {
    const attempt = ledger.begin("idempotent", number);
    append(writer, newLines(options, attempt));
    await writer.flush();
    attempt.outcome = "acked";
    await pause(options);
  }
}

async function writeTransactions(client: KafkaClient, options: LoadOptions): Promise<void> {
  const { ledger, isOver, platform } = options;
  const writer = client.openWriter({
    transactionalId: "load",
    transactionTimeoutMs,
    deliveryTimeoutMs,
  });
  const number = ledger.nextWriter();
  await writer.initialize();
  await writer.prepare(topics.map(({ name }) => name));
  while (!isOver()) {
    const attempt = ledger.begin("transactional", number);
    writer.begin();
    append(writer, newLines(options, attempt));
    const offset = {
      topic: keptTopic,
      partition: 0,
      offset: attempt.groupOffset ?? 0,
      metadata: "",
    };
    await writer.sendOffsets([offset], nobody);
    if (platform.random.below(100) < abortChance) {
      // Half of them have reached the log.
      if (platform.random.below(2) === 0) await writer.flush();
      await writer.abort();
    } else {
      await writer.flush();
      attempt.outcome = "unknown";
      await writer.commit();
      attempt.outcome = "acked";
    }
    await pause(options);
  }
}

const nobody = { groupId: group, generationId: -1, memberId: "", groupInstanceId: null };

/** As a producer without idempotence: nothing is sent twice, so that what got no answer is unknown. */
async function writePlainly(_client: KafkaClient, options: LoadOptions): Promise<void> {
  const { ledger, platform, address, isOver } = options;
  const client = await TestClient.connect(platform, address);
  const number = ledger.nextWriter();
  try {
    while (!isOver()) {
      const attempt = ledger.begin("plain", number);
      const line = newLine(options, attempt, keptTopic);
      const produced = client.produce(line.topic, [textOf(line)], -1, line.partition);
      const silence = platform.timers.sleep(answerMsMax).then(() => undefined);
      const answer = await Promise.race([produced, silence]);
      if (answer?.errorCode !== 0) return;
      attempt.outcome = "acked";
      await pause(options);
    }
  } finally {
    client.connection.destroy();
  }
}

function newLines(options: LoadOptions, attempt: Attempt): readonly Line[] {
  const count = 1 + options.platform.random.below(linesMax);
  const names = [keptTopic, shortTopic, compactedTopic];
  return Array.from({ length: count }, () =>
    newLine(options, attempt, names[options.platform.random.below(names.length)]),
  );
}

/** Every line is in the ledger before it is on its way. */
function newLine({ platform, ledger }: LoadOptions, attempt: Attempt, topic: string): Line {
  const line: Line = {
    id: `${ledger.attempts.length}.${attempt.lines.length}`,
    topic,
    partition: platform.random.below(partitionCount),
    timestamp: platform.clock.wallMs(),
  };
  attempt.lines.push(line);
  return line;
}

function append(writer: BatchWriter, lines: readonly Line[]): void {
  for (const line of lines)
    writer
      .partition(line.topic, line.partition)
      .append(line.timestamp, encodeUtf8(keyOf(line)), encodeUtf8(textOf(line)), noHeaders);
}

/** Few, so that newer lines take the place of older ones. */
export function keyOf({ id }: { readonly id: string }): string {
  return `k${Number(id.split(".")[0]) % keyCount}`;
}

function textOf({ id }: Line): string {
  return `${id} ${"x".repeat(100)}`;
}

function pause({ platform }: LoadOptions): Promise<void> {
  return platform.timers.sleep(platform.random.below(pauseMsMax));
}

export function judgeFailure(ledger: Ledger, error: unknown): void {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const isLoss = cause instanceof BaseError && lossCodes.has(cause.code);
    const isMistake = [InvariantError, RangeError, TypeError].some((kind) => cause instanceof kind);
    if (isLoss || isMistake)
      ledger.violations.push(`a writer failed: ${cause.stack ?? cause.message}`);
  }
}
