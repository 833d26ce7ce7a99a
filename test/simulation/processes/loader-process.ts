import type { BatchWriter } from "@millrace/cluster";
import type { KafkaClient } from "@millrace/client";
import { encodeUtf8, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import type { Attempt, SentLine } from "../history.ts";
import { watched, type SimulationContext } from "../simulation-context.ts";
import type { LoaderKind } from "../swarm.ts";
import { linesTopic, partitionCount } from "../topology.ts";
import { connectToBroker, ensureTopics } from "./cluster-connection.ts";
import { judgeFailure } from "./judge-failure.ts";

const vocabulary = ["ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay"];
const wordsPerLineMax = 4;
/** Longest pause of a loader within a transaction. */
const pauseMsMax = 60;
const transactionTimeoutMs = 2_000;

/** Writes lines until its attempts are used up. What it was told about each attempt goes into the history. */
export async function runLoader(
  real: Platform,
  context: SimulationContext,
  kind: LoaderKind,
): Promise<void> {
  const platform = watched(real, context);
  const loader = new Loader(platform, context, kind);
  while (loader.remaining > 0) {
    const client = connectToBroker(platform, `loader-${kind}`);
    try {
      await ensureTopics(client);
      if (kind === "transactional") await loader.writeTransactions(client);
      else await loader.writeBatches(client);
    } catch (error) {
      judgeFailure(context.history, `loader-${kind}`, error);
    }
    await client.close();
    await platform.timers.sleep(10);
  }
  context.progress.finishedLoaders.add(kind);
}

class Loader {
  readonly #platform: Platform;
  readonly #context: SimulationContext;
  readonly #kind: LoaderKind;

  constructor(platform: Platform, context: SimulationContext, kind: LoaderKind) {
    this.#platform = platform;
    this.#context = context;
    this.#kind = kind;
  }

  get remaining(): number {
    return this.#context.remaining.get(this.#kind) ?? 0;
  }

  async writeTransactions(client: KafkaClient): Promise<void> {
    const { options, history } = this.#context;
    let writer = await this.#openTransactional(client);
    let writerNumber = history.nextWriter();
    while (this.remaining > 0) {
      const attempt = this.#begin(writerNumber);
      writer.begin();
      await this.#append(writer, this.#newLines(attempt));
      if (this.#chance(options.zombieChance)) {
        await writer.flush();
        const successor = await this.#openTransactional(client);
        writerNumber = history.nextWriter();
        await this.#takeOver(writer, attempt, { successor, number: writerNumber });
        writer = successor;
      } else if (this.#chance(options.abortChance)) await writer.abort();
      else await this.#commit(writer, attempt);
      await this.#pace();
    }
    await writer.close(1_000);
  }

  async writeBatches(client: KafkaClient): Promise<void> {
    const writer = client.openWriter({ deliveryTimeoutMs: 5_000 });
    await writer.prepare([linesTopic]);
    const writerNumber = this.#context.history.nextWriter();
    while (this.remaining > 0) {
      const attempt = this.#begin(writerNumber);
      await this.#append(writer, this.#newLines(attempt));
      await writer.flush();
      attempt.outcome = "acked";
      await this.#pace();
    }
    await writer.close(1_000);
  }

  async #openTransactional(client: KafkaClient): Promise<BatchWriter> {
    const writer = client.openWriter({
      transactionalId: "loader",
      transactionTimeoutMs,
      deliveryTimeoutMs: 5_000,
    });
    await writer.initialize();
    await writer.prepare([linesTopic]);
    return writer;
  }

  /**
   * Its transaction was aborted when the successor took the id over; whatever it says now, the successor's
   * transaction stays whole.
   */
  async #takeOver(
    zombie: BatchWriter,
    attempt: Attempt,
    { successor, number }: { readonly successor: BatchWriter; readonly number: number },
  ): Promise<void> {
    const own = this.#begin(number);
    successor.begin();
    await this.#append(successor, this.#newLines(own));
    await successor.flush();
    try {
      await zombie.commit();
      attempt.outcome = "acked";
    } catch (error) {
      judgeFailure(this.#context.history, "zombie", error);
    }
    await this.#append(successor, this.#newLines(own));
    await this.#commit(successor, own);
  }

  async #commit(writer: BatchWriter, attempt: Attempt): Promise<void> {
    await writer.flush();
    attempt.outcome = "unknown";
    await writer.commit();
    attempt.outcome = "acked";
  }

  #begin(writer: number): Attempt {
    this.#context.remaining.set(this.#kind, this.remaining - 1);
    return this.#context.history.attempt(this.#kind, writer);
  }

  /** Every line is in the history before it is on its way. */
  #newLines(attempt: Attempt): readonly SentLine[] {
    const { random } = this.#platform;
    const count = 1 + random.below(this.#context.options.linesPerAttemptMax);
    const lines = Array.from({ length: count }, (_, index) => {
      const words = Array.from(
        { length: 1 + random.below(wordsPerLineMax) },
        () => vocabulary[random.below(vocabulary.length)],
      );
      return {
        id: `${attempt.id}.${attempt.lines.length + index}`,
        partition: random.below(partitionCount),
        text: words.join(" "),
      };
    });
    attempt.lines.push(...lines);
    return lines;
  }

  async #append(writer: BatchWriter, lines: readonly SentLine[]): Promise<void> {
    const { clock, random, timers } = this.#platform;
    for (const { id, partition, text } of lines) {
      writer
        .partition(linesTopic, partition)
        .append(clock.wallMs(), encodeUtf8(id), encodeUtf8(text), noHeaders);
      if (random.below(4) === 0) await timers.sleep(random.below(pauseMsMax));
    }
  }

  /** Spreads the attempts over the time of faults. */
  async #pace(): Promise<void> {
    const { options, progress } = this.#context;
    const { random, timers } = this.#platform;
    if (progress.isHealed) return;
    await timers.sleep(random.below(Math.ceil((1.4 * options.chaosMs) / options.attempts)));
  }

  #chance(probability: number): boolean {
    return this.#platform.random.below(1_000) < 1_000 * probability;
  }
}
