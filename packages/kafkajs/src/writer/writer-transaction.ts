import { ClusterError, type BatchWriterOptions } from "@millrace/cluster";
import type { RecordMetadata, Transaction } from "kafkajs";

import type { KafkajsContext } from "../kafkajs-context.ts";
import { clusterErrorOf, mayPass } from "../link/kafkajs-failure.ts";
import { attempt } from "../link/waiting.ts";
import type { TopicMessages } from "./delivery.ts";
import { ProducerLease } from "./producer-lease.ts";

interface Sending {
  readonly compression: number;
  readonly topicMessages: TopicMessages;
}

/**
 * What a writer sends through: one producer after the other without transactions, and a single one with them, whose
 * epoch is what fences it.
 */
export class WriterTransaction {
  readonly #context: KafkajsContext;
  readonly #options: BatchWriterOptions;
  readonly #isTransactional: boolean;
  readonly #deliveryTimeoutMs: number;
  #lease: ProducerLease;
  #open: Promise<Transaction> | undefined;
  /** What ended this writer for good. */
  #finished: ClusterError | undefined;
  /** kafkajs takes the epoch of a transactional id with the first transaction. */
  #first: Transaction | undefined;
  readonly #endings: Promise<unknown>[] = [];
  readonly #closed = new AbortController();

  constructor(context: KafkajsContext, options: BatchWriterOptions) {
    this.#context = context;
    this.#options = options;
    this.#isTransactional = options.transactionalId !== undefined;
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000;
    this.#lease = this.#newLease();
  }

  /** @throws ClusterError `WRITER_FAILED` outside of a transaction */
  requireOpen(): void {
    if (this.#isTransactional && this.#open === undefined)
      throw new ClusterError(
        "WRITER_FAILED",
        "a transactional writer takes records within a transaction alone; begin one first",
      );
  }

  async initialize(signal: AbortSignal | undefined): Promise<void> {
    this.#requireTransactions();
    await this.#bounded("initialize", signal, async () => {
      await this.#lease.connect();
      this.#first = await this.#lease.begin();
    });
  }

  begin(): void {
    this.#requireTransactions();
    if (this.#finished !== undefined) throw this.#finished;
    if (this.#open !== undefined) throw misused("a transaction is open already; end it first");
    const first = this.#first;
    if (first === undefined) throw misused("initialize the writer before it begins");
    this.#open = first.isActive() ? Promise.resolve(first) : this.#lease.begin();
    this.#open.catch(() => {}); // told by who sends, commits or aborts
  }

  /**
   * Without transactions it is tried again until the time is over: kafkajs gives up at once where a broker refuses
   * connections. The same batch has the same sequence numbers then.
   */
  send(batch: Sending): Promise<readonly RecordMetadata[]> {
    const lease = this.#lease;
    const { platform, closing } = this.#context;
    const timeoutMs = this.#deliveryTimeoutMs;
    const signals = [closing, this.#closed.signal];
    const mayTryAgain = this.#isTransactional ? () => false : mayPass;
    return attempt({ platform, what: "writing", timeoutMs, signals, mayTryAgain }, async () => {
      await lease.connect();
      return lease.send(await this.#open, batch);
    });
  }

  /**
   * What it means that nobody knows whether records were written: without transactions the next ones go through another
   * producer, with them this writer is finished.
   */
  explain(cause: unknown): Error {
    const error = clusterErrorOf("writing", cause);
    if (!this.#isTransactional) {
      this.#endings.push(this.#lease.giveUp().catch(() => {})); // nothing of it is needed any more
      this.#lease = this.#newLease();
      if (error instanceof ClusterError) return error;
      return new ClusterError("WRITE_REFUSED", `writing: ${error.message}`, { cause });
    }
    return (this.#finished ??= fenced(error));
  }

  async commit(signal: AbortSignal | undefined): Promise<void> {
    await this.#end("commit", signal);
  }

  async abort(signal: AbortSignal | undefined): Promise<void> {
    this.#requireTransactions();
    if (this.#finished !== undefined) throw this.#finished;
    if (this.#open !== undefined) await this.#end("abort", signal);
  }

  async close(): Promise<void> {
    this.#closed.abort(new ClusterError("WRITER_CLOSED", "the writer is closed"));
    await Promise.all([this.#lease.giveUp(), ...this.#endings]);
  }

  async #end(how: "commit" | "abort", signal: AbortSignal | undefined): Promise<void> {
    this.#requireTransactions();
    if (this.#finished !== undefined) throw this.#finished;
    const open = this.#open;
    if (open === undefined) throw misused(`no transaction is open that ${how} could end`);
    try {
      await this.#bounded(how, signal, async () => {
        const transaction = await open;
        await transaction[how]();
      });
      this.#open = undefined;
    } catch (error) {
      throw (this.#finished ??= fenced(error));
    }
  }

  async #bounded(
    what: string,
    signal: AbortSignal | undefined,
    work: () => Promise<void>,
  ): Promise<void> {
    const { platform, closing, requestTimeoutMs: timeoutMs } = this.#context;
    await attempt({ platform, what, timeoutMs, signals: [signal, closing] }, work);
  }

  #newLease(): ProducerLease {
    const { transactionalId, transactionTimeoutMs } = this.#options;
    return new ProducerLease({
      kafka: this.#context.kafka,
      deliveryTimeoutMs: this.#deliveryTimeoutMs,
      config: {
        ...(transactionalId === undefined ? {} : { transactionalId }),
        ...(transactionTimeoutMs === undefined ? {} : { transactionTimeout: transactionTimeoutMs }),
      },
    });
  }

  #requireTransactions(): void {
    if (!this.#isTransactional)
      throw misused("this writer has no transactions; open it with a transactionalId");
  }
}

function misused(message: string): ClusterError {
  return new ClusterError("WRITER_FAILED", message);
}

/** kafkajs cannot go on after a failure like that, and cannot find out whether another writer has come. */
function fenced(cause: unknown): ClusterError {
  const { message } = cause instanceof Error ? cause : new Error(String(cause));
  return new ClusterError(
    "WRITER_FENCED",
    `this writer is finished, a newer one has its transactional id or may have: ${message}. Open another writer: that ends what this one has left open`,
    { cause },
  );
}
