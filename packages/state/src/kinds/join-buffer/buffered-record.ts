import { decodeUtf8, encodeUtf8, type Header, type Headers, type Timestamp } from "@millrace/model";
import { BytesReader } from "../../bytes/bytes-reader.ts";
import { readInt64, writeInt64 } from "../../bytes/int64.ts";
import type { RecordContext } from "../../contract/record-context.ts";

/** A value with the context of its record. */
export interface BufferedRecord {
  readonly value: Uint8Array;
  readonly context: RecordContext;
}

const prefixBytes = 9;
const sequenceBytes = 4;

/** 0 ++ timestamp (8) ++ key ++ sequence number (4): Kafka's, in stores and changelogs. */
export function bufferKey(key: Uint8Array, timestamp: Timestamp, sequence: number): Uint8Array {
  const bytes = new Uint8Array(prefixBytes + key.length + sequenceBytes);
  writeInt64(bytes, 1, timestamp);
  bytes.set(key, prefixBytes);
  new DataView(bytes.buffer).setInt32(prefixBytes + key.length, sequence);
  return bytes;
}

/** @throws RangeError for what `bufferKey` has not made */
export function requireBufferKey(key: Uint8Array): void {
  if (key.length < prefixBytes + sequenceBytes)
    throw new RangeError(
      `a key of ${key.length} bytes; it has ${prefixBytes + sequenceBytes} at least`,
    );
}

/** All keys of earlier times are less. */
export function bufferKeysFrom(timestamp: Timestamp): Uint8Array {
  const bytes = new Uint8Array(prefixBytes);
  writeInt64(bytes, 1, timestamp);
  return bytes;
}

export function timestampOfKey(key: Uint8Array): Timestamp {
  return readInt64(key, 1);
}

export function sequenceOfKey(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, key.length).getInt32(key.length - sequenceBytes);
}

/** The key's bytes as its serde wrote them. */
export function ownKeyOf(key: Uint8Array): Uint8Array {
  return key.subarray(prefixBytes, key.length - sequenceBytes);
}

/**
 * Context ++ prior value (absent: -1) ++ old value (absent: -1) ++ value (Kafka: `BufferValue`). The context: timestamp (8),
 * offset (8), topic, partition (4), count of headers (4), each header's key and value; texts and bytes behind their length (4), null: -1.
 */
export function encodeBuffered({ value, context }: BufferedRecord): Uint8Array {
  const topic = context.topic === null ? null : encodeUtf8(context.topic);
  const headers = context.headers.map(([name, header]) => [encodeUtf8(name), header] as const);
  const headerBytes = headers.reduce(
    (sum, [name, header]) => sum + sizeOf(name) + sizeOf(header),
    0,
  );
  const out = new BytesWriter(24 + sizeOf(topic) + headerBytes + 8 + sizeOf(value));
  out.int64(context.timestamp);
  out.int64(context.offset);
  out.bytes(topic);
  out.int32(context.partition);
  out.int32(headers.length);
  for (const [name, header] of headers) {
    out.bytes(name);
    out.bytes(header);
  }
  out.bytes(null);
  out.bytes(null);
  out.bytes(value);
  return out.written;
}

/** @throws RangeError for what `encodeBuffered` has not written */
export function decodeBuffered(stored: Uint8Array): BufferedRecord {
  try {
    return readBuffered(new BytesReader(stored));
  } catch (cause) {
    throw new RangeError(`a record of ${stored.length} bytes: ${(cause as RangeError).message}`, {
      cause,
    });
  }
}

function readBuffered(input: BytesReader): BufferedRecord {
  const timestamp = input.int64();
  const offset = input.int64();
  const topic = input.bytes();
  const partition = input.int32();
  const headers: Header[] = [];
  for (let count = input.int32(); count > 0; count--) {
    const name = input.bytes();
    headers.push([name === null ? "" : decodeUtf8(name), input.bytes()]);
  }
  input.bytes();
  input.bytes();
  const value = input.bytes() ?? new Uint8Array(0);
  input.end();
  const context = {
    timestamp,
    offset,
    topic: topic === null ? null : decodeUtf8(topic),
    partition,
    headers: headers as Headers,
  };
  return { value, context };
}

/** As Kafka counts it against nothing: for whoever watches. */
export function bufferedBytes(key: Uint8Array, { value, context }: BufferedRecord): number {
  const headers = context.headers.reduce(
    (sum, [name, header]) => sum + name.length + (header?.length ?? 0),
    0,
  );
  return key.length + value.length + 20 + (context.topic?.length ?? 0) + headers;
}

function sizeOf(bytes: Uint8Array | null): number {
  return 4 + (bytes?.length ?? 0);
}

class BytesWriter {
  readonly written: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  constructor(size: number) {
    this.written = new Uint8Array(size);
    this.#view = new DataView(this.written.buffer);
  }

  int64(value: number): void {
    writeInt64(this.written, this.#position, value);
    this.#position += 8;
  }

  int32(value: number): void {
    this.#view.setInt32(this.#position, value);
    this.#position += 4;
  }

  bytes(value: Uint8Array | null): void {
    this.int32(value === null ? -1 : value.length);
    if (value === null) return;
    this.written.set(value, this.#position);
    this.#position += value.length;
  }
}
