import {
  composedOf,
  deserializeWith,
  valuePlace,
  type Serde,
  type SerdePlace,
} from "@millrace/serde";

/** What the right side is to do for a row of the left (Kafka: `SubscriptionWrapper.Instruction`). */
export const instructions = {
  /** Forget the row, and say nothing: another key gets it. */
  deleteInSilence: 0,
  /** Forget the row, and answer with null. */
  deleteAndAnswer: 1,
  /** Remember the row, and answer in any case. */
  answerAlways: 2,
  /** Remember the row, and answer if there is something. */
  answerIfFound: 3,
} as const;

export type Instruction = (typeof instructions)[keyof typeof instructions];

/** A row of the left table that wants to know of a key of the right one (Kafka: `SubscriptionWrapper`). */
export interface Subscription {
  /** Of the row's value, by which a late answer is told from a current one; null: the row was deleted. */
  readonly hash: Uint8Array | null;
  readonly instruction: Instruction;
  /** Key of the row, as bytes. */
  readonly primaryKey: Uint8Array;
  /** Where the answer goes; null: by the key. */
  readonly primaryPartition: number | null;
}

const version = 1;
const noHash = 0x80;
const hashLength = 16;

/** Kafka's bytes of a subscription: version and flag, instruction, hash, key, partition. */
export const subscriptionSerde: Serde<Subscription> = {
  name: "subscription",
  isNullable: false,
  sizeOf: sizeOfSubscription,
  sizeMax: sizeOfSubscription,
  serialize(subscription) {
    const bytes = new Uint8Array(sizeOfSubscription(subscription));
    writeSubscription(subscription, bytes, 0);
    return bytes;
  },
  writeTo: writeSubscription,
  deserialize(bytes) {
    const { hash, rest: start } = readHead(bytes, 2);
    const hasPartition = (bytes[0] & ~noHash) >= 1;
    const end = bytes.length - (hasPartition ? 4 : 0);
    const instruction = bytes[1];
    if (!isInstruction(instruction) || end < start)
      throw new RangeError(
        `a subscription of ${bytes.length} bytes with instruction ${instruction}`,
      );
    const partition = hasPartition ? readInt32(bytes, end) : -1;
    return {
      hash,
      instruction,
      primaryKey: copyOf(bytes, start, end),
      primaryPartition: partition === -1 ? null : partition,
    };
  },
};

function sizeOfSubscription({ hash, primaryKey }: Subscription): number {
  return 2 + (hash === null ? 0 : hashLength) + primaryKey.length + 4;
}

function writeSubscription(subscription: Subscription, bytes: Uint8Array, at: number): number {
  const { hash, instruction, primaryKey, primaryPartition } = subscription;
  bytes[at] = version | (hash === null ? noHash : 0);
  bytes[at + 1] = instruction;
  let end = at + 2;
  if (hash !== null) end = writeBytes(hash, bytes, end);
  end = writeBytes(primaryKey, bytes, end);
  writeInt32(bytes, end, primaryPartition ?? -1);
  return end + 4;
}

/** What the right side answers (Kafka: `SubscriptionResponseWrapper`). */
export interface Response {
  /** Of the subscription that is answered. */
  readonly hash: Uint8Array | null;
  /** The right side's value; null: there is none. */
  readonly value: unknown;
  /** Not written: says where the answer goes. */
  readonly primaryPartition: number | null;
}

/** An answer whose value lies as its serde wrote it: nobody has to read it on the way. */
class WrittenResponse implements Response {
  readonly hash: Uint8Array | null;
  readonly primaryPartition: number | null;
  readonly valueBytes: Uint8Array;
  readonly #serde: Serde<unknown>;

  constructor(
    { hash, primaryPartition }: Subscription,
    serde: Serde<unknown>,
    valueBytes: Uint8Array,
  ) {
    this.hash = hash;
    this.primaryPartition = primaryPartition;
    this.valueBytes = valueBytes;
    this.#serde = serde;
  }

  get value(): unknown {
    return deserializeWith(this.#serde, this.valueBytes, "", valuePlace);
  }
}

/** The answer to a subscription, with the right side's value, or the bytes of it. */
export function responseTo(
  subscription: Subscription,
  serde: Serde<unknown>,
  { value, bytes }: { readonly value: unknown; readonly bytes?: Uint8Array | null | undefined },
): Response {
  if (bytes !== undefined && bytes !== null) return new WrittenResponse(subscription, serde, bytes);
  return { hash: subscription.hash, value, primaryPartition: subscription.primaryPartition };
}

/** Kafka's bytes of an answer: version and flag, hash, value. */
export function responseSerde(inner: Serde<unknown>): Serde<Response> {
  return {
    name: `response(${inner.name})`,
    isNullable: false,
    ...composedOf(inner),
    ...writingOf(inner),
    serialize(response, topic, place) {
      const written = valueBytesOf(response, inner, { topic, place });
      const bytes = new Uint8Array(headSize(response) + (written?.length ?? 0));
      const start = writeHead(response, bytes, 0);
      if (written !== undefined) bytes.set(written, start);
      return bytes;
    },
    deserialize(bytes, topic, place) {
      if ((bytes[0] & ~noHash) !== 0)
        throw new RangeError(`an answer of version ${bytes[0] & ~noHash}; 0 is known`);
      const { hash, rest } = readHead(bytes, 1);
      const value =
        bytes.length > rest ? inner.deserialize(bytes.subarray(rest), topic, place) : null;
      return { hash, value, primaryPartition: null };
    },
  };
}

type InPlace = Required<Pick<Serde<unknown>, "sizeMax" | "writeTo">>;

/** In place, where the value can be; most values lie as bytes already. */
function writingOf(inner: Serde<unknown>): Partial<Pick<Serde<Response>, keyof InPlace>> {
  if (!isInPlace(inner)) return {};
  return {
    sizeMax(response) {
      const size = headSize(response);
      if (response instanceof WrittenResponse) return size + response.valueBytes.length;
      return response.value === null ? size : size + inner.sizeMax(response.value as {});
    },
    writeTo(response, target, at) {
      const start = writeHead(response, target, at);
      if (response instanceof WrittenResponse)
        return writeBytes(response.valueBytes, target, start);
      return response.value === null ? start : inner.writeTo(response.value as {}, target, start);
    },
  };
}

function isInPlace(serde: Serde<unknown>): serde is Serde<unknown> & InPlace {
  const { sizeMax, writeTo, usesPlace } = serde;
  return sizeMax !== undefined && writeTo !== undefined && usesPlace !== true;
}

function headSize({ hash }: Response): number {
  return 1 + (hash === null ? 0 : hashLength);
}

/** @returns where the value begins */
function writeHead({ hash }: Response, bytes: Uint8Array, at: number): number {
  bytes[at] = hash === null ? noHash : 0;
  return hash === null ? at + 1 : writeBytes(hash, bytes, at + 1);
}

function valueBytesOf(
  response: Response,
  inner: Serde<unknown>,
  { topic, place }: { readonly topic: string; readonly place: SerdePlace | undefined },
): Uint8Array | undefined {
  if (response instanceof WrittenResponse) return response.valueBytes;
  const { value } = response;
  return value === null ? undefined : inner.serialize(value as {}, topic, place);
}

function readHead(
  bytes: Uint8Array,
  start: number,
): { readonly hash: Uint8Array | null; readonly rest: number } {
  if ((bytes[0] & ~noHash) > version)
    throw new RangeError(`version ${bytes[0] & ~noHash} of a subscription; ${version} is known`);
  if ((bytes[0] & noHash) !== 0) return { hash: null, rest: start };
  const rest = start + hashLength;
  if (bytes.length < rest) throw new RangeError(`a hash is cut off after ${bytes.length} bytes`);
  return { hash: copyOf(bytes, start, rest), rest };
}

function isInstruction(given: number | undefined): given is Instruction {
  return given !== undefined && given >= 0 && given <= 3;
}

/** Key of the subscription store: length and bytes of the right side's key, then the left row's key. */
export function combinedKey(foreignKey: Uint8Array, primaryKey?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + foreignKey.length + (primaryKey?.length ?? 0));
  writeInt32(bytes, 0, foreignKey.length);
  bytes.set(foreignKey, 4);
  if (primaryKey !== undefined) bytes.set(primaryKey, 4 + foreignKey.length);
  return bytes;
}

/** The left row's key in a key of the subscription store. */
export function primaryKeyOf(combined: Uint8Array): Uint8Array {
  return combined.slice(4 + readInt32(combined, 0));
}

/** Up to here a loop costs less than `slice` and `set`. */
const loopBytesMax = 64;

/** A part of bytes that stays as it is. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start > loopBytesMax) return bytes.slice(start, end);
  const copy = new Uint8Array(end - start);
  for (let index = 0; index < copy.length; index++) copy[index] = bytes[start + index];
  return copy;
}

/** @returns where they end */
function writeBytes(bytes: Uint8Array, target: Uint8Array, at: number): number {
  const { length } = bytes;
  if (length > loopBytesMax) target.set(bytes, at);
  else for (let index = 0; index < length; index++) target[at + index] = bytes[index];
  return at + length;
}

/** Byte by byte: a view would move a small array out of the heap, which costs several times as much. */
function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = value >>> (24 - 8 * index);
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
