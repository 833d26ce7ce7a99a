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
  serialize({ hash, instruction, primaryKey, primaryPartition }) {
    const start = 2 + (hash === null ? 0 : hashLength);
    const bytes = new Uint8Array(start + primaryKey.length + 4);
    bytes[0] = version | (hash === null ? noHash : 0);
    bytes[1] = instruction;
    if (hash !== null) bytes.set(hash, 2);
    bytes.set(primaryKey, start);
    writeInt32(bytes, start + primaryKey.length, primaryPartition ?? -1);
    return bytes;
  },
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
      primaryKey: bytes.slice(start, end),
      primaryPartition: partition === -1 ? null : partition,
    };
  },
};

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
    serialize(response, topic, place) {
      const { hash } = response;
      const written = valueBytesOf(response, inner, { topic, place });
      const start = 1 + (hash === null ? 0 : hashLength);
      const bytes = new Uint8Array(start + (written?.length ?? 0));
      bytes[0] = hash === null ? noHash : 0;
      if (hash !== null) bytes.set(hash, 1);
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
  return { hash: bytes.slice(start, rest), rest };
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

/** Byte by byte: a view would move a small array out of the heap, which costs several times as much. */
function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  for (let index = 0; index < 4; index++) bytes[at + index] = value >>> (24 - 8 * index);
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
