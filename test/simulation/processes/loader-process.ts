import type { BatchWriter } from "@millrace/cluster";
import type { KafkaClient } from "@millrace/client";
import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import type { Attempt, SentLine } from "../history.ts";
import { startWallMs, watched, type SimulationContext } from "../simulation-context.ts";
import type { LoaderKind } from "../swarm.ts";
import { closingKey } from "../programs/simulated-program.ts";
import { textOfLine } from "../everything.ts";
import { inputTopics, linesTopic, partitionCount } from "../topics.ts";
import { connectToBroker } from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { ensureTopics } from "./cluster-connection.ts";
import { judgeFailure } from "./judge-failure.ts";

/** Later than all that windows and joins of the programs wait for. */
const futureMs = 600_000;
const eventTimeFactor = 40;
/** Longer than operators wait between two looks at the clock. */
const closeIntervalMs = 1_100;
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
      await ensureTopics(client, context.program.outputs);
      if (kind === "transactional") await loader.writeTransactions(client);
      else await loader.writeBatches(client);
    } catch (error) {
      judgeFailure(context.history, `loader-${kind}`, error);
    }
    await client.close();
    await platform.timers.sleep(10);
  }
  context.progress.finishedLoaders.add(kind);
  if (context.program.isClosed) await closeLoad(platform, context);
}

/**
 * Lines from the future, after all others: whatever waits for time may leave. They come again and again until all has
 * left, since operators look at the clock now and then only.
 */
async function closeLoad(platform: Platform, context: SimulationContext): Promise<void> {
  const { history, progress, program } = context;
  let round = 0;
  while (!progress.isHealed) await platform.timers.sleep(20);
  while (!progress.isOver) {
    progress.isClosing = true;
    const client = connectToBroker(platform, "loader-closing");
    try {
      await ensureTopics(client, program.outputs);
      const writer = client.openWriter({ deliveryTimeoutMs: 5_000 });
      await writer.prepare(inputTopics);
      const attempt = history.attempt("idempotent", history.nextWriter());
      for (let partition = 0; partition < partitionCount; partition++)
        attempt.lines.push({
          id: `${attempt.id}.${partition}`,
          topic: linesTopic,
          partition,
          key: closingKey,
          value: textOfLine(`${attempt.id}.${partition}`, "-"),
          lateMs: -futureMs - round,
        });
      for (const line of attempt.lines) appendLine(writer, line, eventTime(context));
      await writer.flush();
      attempt.outcome = "acked";
      await writer.close(1_000);
    } catch (error) {
      judgeFailure(history, "loader-closing", error);
    }
    await client.close();
    progress.isClosing = false;
    round += 1;
    await platform.timers.sleep(closeIntervalMs);
  }
}

/** Of records it passes faster than for processes, so that what is kept for a while expires before the load ends. */
function eventTime({ simulator }: SimulationContext): number {
  return startWallMs + Math.floor(eventTimeFactor * simulator.nowMs);
}

function appendLine(
  writer: BatchWriter,
  { topic, partition, key, value, lateMs }: SentLine,
  nowMs: number,
): void {
  writer
    .partition(topic, partition)
    .append(nowMs - lateMs, encodeUtf8(key), encodeUtf8(value), noHeaders);
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
    await writer.prepare(inputTopics);
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
    await writer.prepare(inputTopics);
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
      this.#context.history.violate(
        "I11",
        `${attempt.id} was committed by a writer that was fenced`,
      );
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
    const drafts = Array.from({ length: count }, () => this.#context.program.draw(random));
    const first = attempt.lines.length;
    const lines = drafts.map((draft, index) => {
      const partition = partitionForKey(encodeUtf8(draft.key), partitionCount);
      const id = `${attempt.id}.${first + index}`;
      const { topic, key, payload, lateMs = 0 } = draft;
      return { id, topic, partition, key, value: textOfLine(id, payload), lateMs };
    });
    attempt.lines.push(...lines);
    return lines;
  }

  async #append(writer: BatchWriter, lines: readonly SentLine[]): Promise<void> {
    const { clock, random, timers } = this.#platform;
    const { program } = this.#context;
    for (const line of lines) {
      appendLine(writer, line, program.isTimed ? eventTime(this.#context) : clock.wallMs());
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
