import { noHeaders } from "@millrace/model";
import { composedOf } from "./composed-of.ts";
import { requireSerde } from "./serde-contract.ts";
import { placeOf, valuePlace, type Serde, type SerdePlace } from "./serde.ts";

/** Serdes whose values Kafka's `ListSerializer` writes without their lengths. */
const fixedBytes: ReadonlyMap<string, number> = new Map([
  ["int16", 2],
  ["int32", 4],
  ["int64", 8],
  ["int64AsNumber", 8],
  ["float", 4],
  ["double", 8],
  ["uuid", 36],
]);

const constantSize = 0;
const variableSize = 1;
/** In place of a length. */
const nullEntry = -1;

/**
 * Lists, with the bytes of Kafka's `ListSerde`. Where the inner serde takes null, a list may hold nulls.
 *
 * @throws SerdeContractError `INVALID_SERDE`
 * @example builder.table("tags", { key: string(), value: list(string()) })
 */
export function list<T>(inner: Serde<T>): Serde<readonly T[]> {
  requireSerde(inner, "list");
  const size = fixedBytes.get(inner.name.replace(/^optional /, ""));
  return Object.freeze({
    name: `list ${inner.name}`,
    isNullable: false,
    ...composedOf(inner),
    serialize: (values: readonly T[], topic: string, place: SerdePlace = valuePlace) => {
      const itemPlace = placeOf(place.part, noHeaders);
      const entries = values.map((value) => entryOf(inner, value, { topic, place: itemPlace }));
      return size === undefined ? writeVariable(entries) : writeConstant(entries, size);
    },
    deserialize: (bytes: Uint8Array, topic: string, place: SerdePlace = valuePlace) => {
      const itemPlace = placeOf(place.part, noHeaders);
      const entries = new ListReader(bytes).read(size);
      return entries.map((entry) => valueOf(inner, entry, { topic, place: itemPlace }));
    },
  });
}

/** Headers are the list's, not an item's. */
interface ItemPlace {
  readonly topic: string;
  readonly place: SerdePlace;
}

function entryOf<T>(inner: Serde<T>, value: T, { topic, place }: ItemPlace): Uint8Array | null {
  if (value !== null && value !== undefined) return inner.serialize(value as T & {}, topic, place);
  if (inner.isNullable) return null;
  throw new TypeError(`a list holds ${String(value)}; make its serde optional(…) to allow null`);
}

function valueOf<T>(inner: Serde<T>, entry: Uint8Array | null, { topic, place }: ItemPlace): T {
  if (entry !== null) return inner.deserialize(entry, topic, place);
  if (!inner.isNullable) throw new TypeError("a list holds null; make its serde optional(…)");
  // Its serde says that null is one of its values.
  return null as T;
}

/** Strategy (1), count (4), and each value behind its length (4). */
function writeVariable(entries: readonly (Uint8Array | null)[]): Uint8Array {
  const length = entries.reduce((sum, entry) => sum + 4 + (entry?.length ?? 0), 5);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes[0] = variableSize;
  view.setInt32(1, entries.length);
  let at = 5;
  for (const entry of entries) {
    view.setInt32(at, entry?.length ?? nullEntry);
    if (entry !== null) bytes.set(entry, at + 4);
    at += 4 + (entry?.length ?? 0);
  }
  return bytes;
}

/** Strategy (1), the places of nulls behind their count (4 each), count (4), and the values that are not null. */
function writeConstant(entries: readonly (Uint8Array | null)[], size: number): Uint8Array {
  const nulls = entries.flatMap((entry, index) => (entry === null ? [index] : []));
  const head = 5 + 4 * nulls.length;
  const bytes = new Uint8Array(head + 4 + size * (entries.length - nulls.length));
  const view = new DataView(bytes.buffer);
  bytes[0] = constantSize;
  view.setInt32(1, nulls.length);
  nulls.forEach((place, index) => view.setInt32(5 + 4 * index, place));
  view.setInt32(head, entries.length);
  let at = head + 4;
  for (const entry of entries) {
    if (entry === null) continue;
    bytes.set(entry, at);
    at += size;
  }
  return bytes;
}

class ListReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** @param size of each value, where the inner serde has one */
  read(size: number | undefined): readonly (Uint8Array | null)[] {
    const strategy = this.#bytes[0];
    if (strategy === variableSize) {
      const count = this.#count();
      return Array.from({ length: count }, () => this.#entry(this.#view.getInt32(this.#move(4))));
    }
    if (strategy !== constantSize || size === undefined)
      throw new RangeError(`no list of such values: it begins with ${strategy}`);
    const nullCount = this.#count();
    const nulls = new Set(
      Array.from({ length: nullCount }, () => this.#view.getInt32(this.#move(4))),
    );
    const count = this.#count();
    return Array.from({ length: count }, (_, index) =>
      this.#entry(nulls.has(index) ? nullEntry : size),
    );
  }

  #count(): number {
    const count = this.#view.getInt32(this.#move(4));
    if (count >= 0 && count <= this.#bytes.length) return count;
    throw new RangeError(`a list of ${this.#bytes.length} bytes cannot hold ${count} values`);
  }

  #entry(length: number): Uint8Array | null {
    if (length === nullEntry) return null;
    const start = this.#move(length);
    return this.#bytes.subarray(start, start + length);
  }

  #move(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#bytes.length)
      throw new RangeError("a list ends in the middle of a value");
    this.#at = start + length;
    return start;
  }
}
