import { decodeUtf8, encodeUtf8, type Timestamp } from "@millrace/model";

const magic = 2;
const fixedBytes = 9;
/** A broker refuses an offset with more than 4096 characters beside it (`offset.metadata.max.bytes`): so many bytes. */
const bytesMax = 3072;

/**
 * What is committed beside an offset (Kafka: `TopicPartitionMetadata`): stream time survives a restart by it. The text
 * is base64 of a version byte, the time, and numbers by name, as `ProcessorMetadata` has them: Kafka Streams keeps
 * names that it does not know, and commits them again.
 */
export interface PartitionMetadata {
  /** -1: none. */
  readonly partitionTime: Timestamp;
  readonly processorMetadata: ReadonlyMap<string, number>;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: number;
}

const none: PartitionMetadata = { partitionTime: -1, processorMetadata: new Map() };

export interface EncodedMetadata {
  readonly text: string;
  /** Names of the numbers beyond what a broker takes, the last ones: they begin anew after a restart. */
  readonly leftOut: readonly string[];
}

export function encodePartitionMetadata({
  partitionTime,
  processorMetadata,
}: PartitionMetadata): EncodedMetadata {
  const entries: Entry[] = [];
  const leftOut: string[] = [];
  let size = 4;
  for (const [name, value] of processorMetadata) {
    const key = encodeUtf8(name);
    if (leftOut.length > 0 || fixedBytes + size + 12 + key.length > bytesMax) leftOut.push(name);
    else {
      size += 12 + key.length;
      entries.push({ key, value });
    }
  }
  const bytes = new Uint8Array(fixedBytes + (entries.length === 0 ? 0 : size));
  const view = new DataView(bytes.buffer);
  bytes[0] = magic;
  setInt64(view, 1, partitionTime);
  if (entries.length > 0) view.setInt32(fixedBytes, entries.length);
  let position = fixedBytes + 4;
  for (const { key, value } of entries) {
    view.setInt32(position, key.length);
    bytes.set(key, position + 4);
    position += 4 + key.length;
    setInt64(view, position, value);
    position += 8;
  }
  return { text: btoa(String.fromCharCode(...bytes)), leftOut };
}

/** What cannot be read of a committed text is left out: anybody may have committed it. */
export function decodePartitionMetadata(text: string | undefined): PartitionMetadata {
  const bytes = bytesOf(text ?? "");
  if (bytes.length < fixedBytes || (bytes[0] !== 1 && bytes[0] !== magic)) return none;
  const partitionTime = getInt64(new DataView(bytes.buffer), 1);
  const isWithNumbers = bytes[0] === magic && bytes.length > fixedBytes;
  return {
    partitionTime,
    processorMetadata: isWithNumbers ? numbersOf(bytes) : none.processorMetadata,
  };
}

function numbersOf(bytes: Uint8Array<ArrayBuffer>): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const view = new DataView(bytes.buffer);
  try {
    const count = view.getInt32(fixedBytes);
    let position = fixedBytes + 4;
    for (let index = 0; index < count; index++) {
      const size = view.getInt32(position);
      if (size < 0) return none.processorMetadata;
      const end = position + 4 + size;
      numbers.set(decodeUtf8(bytes.subarray(position + 4, end)), getInt64(view, end));
      position = end + 8;
    }
    return numbers;
  } catch (error) {
    if (error instanceof RangeError) return none.processorMetadata; // it ends too early
    throw error;
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  // `atob` throws what it cannot read; the check costs less than to tell its errors apart.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return new Uint8Array();
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function setInt64(view: DataView, position: number, value: number): void {
  view.setInt32(position, Math.floor(value / 2 ** 32));
  view.setUint32(position + 4, value >>> 0);
}

function getInt64(view: DataView, position: number): number {
  return view.getInt32(position) * 2 ** 32 + view.getUint32(position + 4);
}
