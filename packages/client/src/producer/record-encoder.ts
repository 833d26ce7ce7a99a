import { abortable, JoinedSignal } from "@millrace/platform";
import {
  SerdeError,
  SerdePendingError,
  SerdeTimeoutError,
  SerdeUses,
  type SerdeSource,
} from "@millrace/serde";
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
import { RecordWait, type Awaited } from "./record-wait.ts";

/** Between two looks at whether what a record waits for answers. */
const pollMs = 50;

interface Waiting {
  readonly sinceMs: number;
  readonly wait: RecordWait;
  readonly signal: AbortSignal;
}

/** Turns records into bytes: at once, or once their serdes have what they need. */
export class RecordEncoder {
  readonly #context: ClientContext;
  readonly #serdes: RecordSerdes;
  readonly #timeoutMs: number;
  readonly #mayPrepare: boolean;
  /** Topics whose serdes are prepared. */
  readonly #prepared = new Set<string>();
  readonly #waits = new Set<RecordWait>();
  #isEnding = false;

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
    const wait = new RecordWait(this.#isEnding);
    this.#waits.add(wait);
    using ends = new JoinedSignal(closing, wait.ended);
    const { signal } = ends;
    try {
      await this.#prepare(topicOf(record), { sinceMs, wait, signal });
      return await this.#encodeWithin(record, nowMs, { sinceMs, wait, signal });
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      throw wait.closedMeanwhile();
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** Ends what waits for sources that do not answer, as long as the signal does not abort: others have a chance. */
  async endInVain(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.platform;
    this.#isEnding = true;
    while (!signal.aborted) {
      for (const wait of this.#waits) wait.endInVain();
      await timers.sleep(pollMs, signal).catch(() => {}); // over
    }
  }

  async #encodeWithin(
    record: ProducerRecord<unknown, unknown>,
    nowMs: number,
    { sinceMs, wait, signal }: Waiting,
  ): Promise<EncodedRecord> {
    const timeoutMs = this.#timeoutMs;
    const leftMs = Math.max(0, timeoutMs - this.#waitedMs(sinceMs));
    const late = signalAfter(
      this.#context.platform,
      leftMs,
      () => new SerdeTimeoutError({ ...wait.awaited, waitedMs: timeoutMs }),
    );
    using within = new JoinedSignal(signal, late.signal);
    try {
      for (;;) {
        try {
          return copyOf(encodeRecord(record, this.#serdes, nowMs));
        } catch (error) {
          if (!(error instanceof SerdePendingError)) throw error;
          wait.begin(error);
          await abortable(error.ready, within.signal);
        }
      }
    } finally {
      late.cancel();
    }
  }

  async #prepare(topic: string, { sinceMs, wait, signal }: Waiting): Promise<void> {
    if (!this.#mayPrepare || this.#prepared.has(topic)) return;
    const uses = this.#usesOf(topic);
    wait.begin(preparedOf(topic, uses));
    const bounds = { timeoutMs: this.#timeoutMs, waitedMs: this.#waitedMs(sinceMs) };
    try {
      await prepareSerdes(uses, this.#context, { signal, ...bounds });
      this.#prepared.add(topic);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SerdeTimeoutError) throw error;
      const serde = uses.preparations.map((one) => one.serde.name).join(" or ");
      throw new SerdeError("SERIALIZATION_FAILED", { topic, serde, cause: error });
    }
  }

  #waitedMs(sinceMs: number): number {
    return this.#context.platform.clock.monotonicMs() - sinceMs;
  }

  #usesOf(topic: string): SerdeUses {
    const uses = new SerdeUses();
    const { key, value } = this.#serdes;
    const use = { topic, reads: false, writes: true };
    if (key !== undefined) uses.add(key, { ...use, part: "key" });
    if (value !== undefined) uses.add(value, { ...use, part: "value" });
    return uses;
  }
}

/** What a record waits for while its serdes are prepared. */
function preparedOf(topic: string, { preparations }: SerdeUses): Awaited {
  const sources = preparations.flatMap(({ serde }) => serde.source ?? []);
  const names = preparations.map(({ serde, use }) => `${serde.name} for the ${use.part}s`);
  return {
    what: `what serdes need (${names.join(", ")} of ${topic})`,
    get source(): SerdeSource | undefined {
      return sources.find(({ failure }) => failure !== undefined) ?? sources[0];
    },
  };
}
