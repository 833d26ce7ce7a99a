import { abortable } from "@millrace/platform";
import { SerdeError, SerdePendingError, SerdeUses, type Serde } from "@millrace/serde";
import type { ClientContext } from "../client-context.ts";
import { prepareSerdes } from "../prepare-serdes.ts";
import { signalAfter } from "../signal-after.ts";
import {
  copyOf,
  encodeRecord,
  topicOf,
  type EncodedRecord,
  type ProducerRecord,
  type RecordSerdes,
} from "./encode-record.ts";

/** Turns records into bytes: at once, or once their serdes have what they need. */
export class RecordEncoder {
  readonly #context: ClientContext;
  readonly #serdes: RecordSerdes;
  readonly #timeoutMs: number;
  readonly #mayPrepare: boolean;
  /** Topics whose serdes are prepared. */
  readonly #prepared = new Set<string>();

  constructor(context: ClientContext, serdes: RecordSerdes, timeoutMs: number) {
    this.#context = context;
    this.#serdes = serdes;
    this.#timeoutMs = timeoutMs;
    this.#mayPrepare = [serdes.key, serdes.value].some((serde) => serde?.prepare !== undefined);
  }

  get nowMs(): number {
    return this.#context.platform.clock.wallMs();
  }

  /**
   * Undefined: `encodeLater` must wait.
   *
   * @throws ClusterError `RECORD_INVALID`, SerdeError `SERIALIZATION_FAILED`
   */
  encode(record: ProducerRecord<unknown, unknown>, nowMs: number): EncodedRecord | undefined {
    if (this.#mayPrepare && !this.#prepared.has(topicOf(record))) return undefined;
    try {
      return encodeRecord(record, this.#serdes, nowMs);
    } catch (error) {
      if (error instanceof SerdePendingError) return undefined;
      throw error;
    }
  }

  /**
   * What it gives is its own.
   *
   * @param sinceMs when the record was sent: its time begins then, whatever waits before it
   */
  async encodeLater(
    record: ProducerRecord<unknown, unknown>,
    { nowMs, sinceMs }: { readonly nowMs: number; readonly sinceMs: number },
    closing: AbortSignal,
  ): Promise<EncodedRecord> {
    const topic = topicOf(record);
    let cause: unknown = new Error(`prepare is not done within ${this.#timeoutMs} ms`);
    const { platform } = this.#context;
    const leftMs = Math.max(0, sinceMs + this.#timeoutMs - platform.clock.monotonicMs());
    const late = signalAfter(platform, leftMs, () => this.#failure(topic, cause));
    const signal = AbortSignal.any([closing, late.signal]);
    try {
      await this.#prepare(topic, signal);
      for (;;) {
        try {
          return copyOf(encodeRecord(record, this.#serdes, nowMs));
        } catch (error) {
          if (!(error instanceof SerdePendingError)) throw error;
          cause = error;
          await abortable(error.ready, signal);
        }
      }
    } finally {
      late.cancel();
    }
  }

  async #prepare(topic: string, signal: AbortSignal): Promise<void> {
    if (!this.#mayPrepare || this.#prepared.has(topic)) return;
    try {
      await prepareSerdes(this.#usesOf(topic), this.#context, signal);
      this.#prepared.add(topic);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(topic, error);
    }
  }

  #usesOf(topic: string): SerdeUses {
    const uses = new SerdeUses();
    const { key, value } = this.#serdes;
    const use = { topic, reads: false, writes: true };
    if (key !== undefined) uses.add(key, { ...use, part: "key" });
    if (value !== undefined) uses.add(value, { ...use, part: "value" });
    return uses;
  }

  #failure(topic: string, cause: unknown): SerdeError {
    const named = ({ name }: Serde<unknown>): string => name;
    const { key, value } = this.#serdes;
    const serde = [key, value]
      .filter((one) => one !== undefined)
      .map(named)
      .join(" or ");
    return new SerdeError("SERIALIZATION_FAILED", { topic, serde, cause });
  }
}
