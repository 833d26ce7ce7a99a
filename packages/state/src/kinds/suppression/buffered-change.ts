import { decodeUtf8, encodeUtf8, noBytes, type Headers, type Timestamp } from "@millrace/model";
import { BytesReader } from "../../bytes/bytes-reader.ts";
import { writeInt64 } from "../../bytes/int64.ts";
import type { RecordContext } from "../../contract/record-context.ts";

/** A change that waits, as bytes (Kafka: `BufferValue`). */
export interface BufferedChange {
  /** Of the first change of its key. */
  readonly time: Timestamp;
  readonly context: RecordContext;
  /** What the key had when it came in. */
  readonly priorValue: Uint8Array | null;
  readonly oldValue: Uint8Array | null;
  readonly newValue: Uint8Array | null;
}

const isPrior = -2;
const isNull = -1;

/** Size as Kafka counts it. */
export function countedSize(key: Uint8Array, change: BufferedChange): number {
  const { context, priorValue, newValue } = change;
  let size = 8 + key.length + lengthOf(priorValue) + lengthOf(newValue);
  if (!hasPriorAsOld(change)) size += lengthOf(change.oldValue);
  size += 8 + 8 + 4 + (context.topic?.length ?? 0);
  for (const [name, value] of context.headers) size += name.length + lengthOf(value);
  return size;
}

/**
 * Kafka's version 3:
 * ```
 *  timestamp (8)  offset (8)  topic  partition (4)  header count (4)  (name  value)*
 *  prior value    old value, or -2 where it is the prior one          new value      time (8)
 * ```
 * Texts and values have their length (4) before them, -1 for null.
 */
export function encodeChange(change: BufferedChange): Uint8Array {
  const { timestamp, offset, topic, partition, headers } = change.context;
  const writer = new Writer();
  writer.int64(timestamp);
  writer.int64(offset);
  writer.bytes(encodeUtf8(topic ?? ""));
  writer.int32(partition);
  writer.int32(headers.length);
  for (const [name, value] of headers) {
    writer.bytes(encodeUtf8(name));
    writer.bytes(value);
  }
  writer.bytes(change.priorValue);
  if (change.oldValue !== null && hasPriorAsOld(change)) writer.int32(isPrior);
  else writer.bytes(change.oldValue);
  writer.bytes(change.newValue);
  writer.int64(change.time);
  return writer.written();
}

/** @throws RangeError for what `encodeChange` has not written */
export function decodeChange(encoded: Uint8Array): BufferedChange {
  try {
    return readChange(new BytesReader(encoded));
  } catch (cause) {
    throw new RangeError(`a change of ${encoded.length} bytes: ${(cause as RangeError).message}`, {
      cause,
    });
  }
}

function readChange(reader: BytesReader): BufferedChange {
  const timestamp = reader.int64();
  const offset = reader.int64();
  const topic = decodeUtf8(reader.bytes() ?? noBytes);
  const partition = reader.int32();
  const headers: [string, Uint8Array | null][] = [];
  // Kafka's early versions wrote -1 for none.
  for (let count = reader.int32(); count > 0; count--)
    headers.push([decodeUtf8(reader.bytes() ?? noBytes), reader.bytes()]);
  const priorValue = reader.bytes();
  const oldLength = reader.int32();
  const oldValue = oldLength === isPrior ? priorValue : reader.take(oldLength);
  const newValue = reader.bytes();
  const time = reader.int64();
  reader.end();
  const context: RecordContext & { readonly headers: Headers } = {
    timestamp,
    offset,
    topic: topic === "" ? null : topic,
    partition,
    headers,
  };
  return { time, context, priorValue, oldValue, newValue };
}

function lengthOf(bytes: Uint8Array | null): number {
  return bytes === null ? 0 : bytes.length;
}

function hasPriorAsOld({ priorValue, oldValue }: BufferedChange): boolean {
  if (priorValue === oldValue) return true;
  if (priorValue === null || oldValue === null || priorValue.length !== oldValue.length)
    return false;
  return priorValue.every((byte, index) => byte === oldValue[index]);
}

class Writer {
  #bytes = new Uint8Array(128);
  #length = 0;

  int64(value: number): void {
    const position = this.#room(8);
    writeInt64(this.#bytes, position, value);
  }

  int32(value: number): void {
    const position = this.#room(4);
    new DataView(this.#bytes.buffer).setInt32(position, value);
  }

  bytes(value: Uint8Array | null): void {
    this.int32(value === null ? isNull : value.length);
    if (value === null) return;
    const position = this.#room(value.length);
    this.#bytes.set(value, position);
  }

  written(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Where the next bytes go. */
  #room(length: number): number {
    const position = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return position;
  }
}
