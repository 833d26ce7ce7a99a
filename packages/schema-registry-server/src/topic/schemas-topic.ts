import type { KafkaClient } from "@millrace/client";
import { ClusterError, type BatchReader, type BatchWriter } from "@millrace/cluster";
import {
  encodeUtf8,
  messageOf,
  noHeaders,
  type Offset,
  type RecordBatchView,
} from "@millrace/model";
import { JoinedSignal, type Platform } from "@millrace/platform";

import type { JsonObject } from "../records/json-members.ts";
import { encodeKey, type TopicKey } from "../records/topic-keys.ts";
import { RegistryError } from "../registry-error.ts";
import type { TopicRecord } from "../state/apply-record.ts";
import { ForeignKeys } from "./foreign-keys.ts";
import { OffsetWaits } from "./offset-waits.ts";

export interface TopicEntry {
  readonly key: TopicKey;
  /** Null: removes what has the key. */
  readonly value: JsonObject | null;
}

export interface SchemasTopicOptions {
  readonly topic: string;
  /** How long a write, or a wait for what was written, may take. */
  readonly timeoutMs: number;
  /** Bytes of one record. */
  readonly recordBytesMax: number;
  /** Each record, in order; at its offset. */
  onRecord(record: TopicRecord, offset: Offset): void;
}

type TopicClient = Pick<KafkaClient, "admin" | "openReader" | "openWriter">;

/** How long a fetch may find nothing before it is looked whether all was closed. */
const pollWaitMs = 500;
const retryMs = 500;

/**
 * The registry's log: one partition, read from its beginning and then as it grows. SCHEMAS-3: who writes waits until
 * the record has come back by the reader, so that an answer follows what was written before it.
 */
export class SchemasTopic {
  readonly #platform: Platform;
  readonly #client: TopicClient;
  readonly #options: SchemasTopicOptions;
  readonly #reader: BatchReader;
  readonly #writer: BatchWriter;
  readonly #waits = new OffsetWaits();
  readonly #foreignKeys = new ForeignKeys();
  readonly #closing = new AbortController();
  readonly #reading: Promise<void>;

  constructor(platform: Platform, client: TopicClient, options: SchemasTopicOptions) {
    this.#platform = platform;
    this.#client = client;
    this.#options = options;
    this.#reader = client.openReader({ isolation: "read_uncommitted" });
    this.#writer = client.openWriter({
      lingerMs: 0,
      deliveryTimeoutMs: options.timeoutMs,
      // What one request writes is one batch: all of it is there, or nothing.
      batchBytesMax: options.recordBytesMax,
      requestBytesMax: options.recordBytesMax,
    });
    this.#reader.assign([{ ...this.#partition, offset: 0 }]);
    this.#reading = this.#read();
  }

  get #partition() {
    return { topic: this.#options.topic, partition: 0 };
  }

  /** All that was in the topic when it was asked is in the state. */
  async readToEnd(): Promise<void> {
    await this.#within("the end of the topic could not be read", async (signal) => {
      const [found] = await this.#client.admin.listOffsets([{ ...this.#partition, at: "latest" }], {
        signal,
      });
      await this.#waits.until(found.offset, signal);
    });
  }

  /**
   * Writes records, in order, and waits until they are in the state.
   *
   * @throws RegistryError `SCHEMA_TOO_LARGE`; `STORE_FAILED`, `STORE_TIMED_OUT`: they may have been written
   */
  async append(entries: readonly TopicEntry[]): Promise<void> {
    const { topic } = this.#options;
    await this.#within("the records could not be written", async (signal) => {
      await this.#writer.prepare([topic], signal);
      const partition = this.#writer.partition(topic, 0);
      for (const { key, value } of entries) {
        const bytes = value === null ? null : encodeUtf8(JSON.stringify(value));
        const others = value === null ? this.#foreignKeys.spellingsOf(key) : [];
        for (const spelling of [encodeKey(key), ...others])
          partition.append(this.#platform.clock.wallMs(), spelling, bytes, noHeaders);
      }
      const written = await this.#writer.flush(signal);
      await this.#waits.until(written[0]?.endOffset ?? 0, signal);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort(new RegistryError("STORE_FAILED", "the registry is closed"));
    await this.#reading;
    await Promise.all([this.#reader.close(), this.#writer.close(0)]);
  }

  async #read(): Promise<void> {
    const signal = this.#closing.signal;
    const { logger, timers } = this.#platform;
    let isTold = false;
    while (!signal.aborted) {
      try {
        const batches = await this.#reader.poll({ signal, waitMsMax: pollWaitMs });
        for (const batch of batches) {
          while (batch.next()) this.#take(recordOf(batch), batch.offset);
          batch.release();
        }
        isTold = false;
        this.#waits.reached(this.#reader.position(this.#partition) ?? 0);
      } catch (error) {
        if (signal.aborted) return;
        if (!isTold)
          logger.log("warn", "schema-registry-server.topic-unreadable", { cause: String(error) });
        isTold = true;
        await timers.sleep(retryMs, signal).catch(() => {}); // closed
      }
    }
  }

  #take(record: TopicRecord, offset: Offset): void {
    this.#foreignKeys.note(record);
    this.#options.onRecord(record, offset);
  }

  /** Bounds the time, and says of every failure what it is for who asks the registry. */
  async #within(what: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { timeoutMs } = this.#options;
    const timeout = new AbortController();
    const timer = this.#platform.timers.after(timeoutMs, () =>
      timeout.abort(
        new RegistryError(
          "STORE_TIMED_OUT",
          `${what} within ${timeoutMs} ms; is the broker there?`,
        ),
      ),
    );
    try {
      using ends = new JoinedSignal(timeout.signal, this.#closing.signal);
      await work(ends.signal);
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      if (isTooLarge(error))
        throw new RegistryError("SCHEMA_TOO_LARGE", "the schema is larger than a record may be");
      const cause = messageOf(error);
      throw new RegistryError("STORE_FAILED", `${what}: ${cause}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }
}

/** Views hold until the batch is released: what is decoded of them is kept, they are not. */
function recordOf({ key, value, timestamp }: RecordBatchView): TopicRecord {
  return { key, value, timestampMs: timestamp };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof ClusterError && error.code === "RECORD_TOO_LARGE";
}
