import { noBytes, readOptions, type Headers } from "@millrace/model";
import type { Serde, SerdePart, SerdePlace, SerdeUse } from "@millrace/serde";
import type { OwnSchema, SchemaCodec, SchemaReader } from "../format/schema-codec.ts";
import {
  guidFrameSize,
  guidMagic,
  idFrameSize,
  idMagic,
  readGuid,
  readId,
  schemaHeaderName,
} from "../framing/frame.ts";
import { isNotFound, SchemaRegistryError } from "../registry/schema-registry-error.ts";
import type { SchemaRegistry } from "../registry/schema-registry.ts";
import {
  registrySerdeOptionTable,
  type RegistrySerdeOptions,
  type RegistrySerdeSettings,
} from "./registry-serde-options.ts";
import { SchemaReaders } from "./schema-readers.ts";
import { SchemaWriters, type WriteTarget } from "./schema-writers.ts";
import { subjectName } from "./subject-name.ts";
import { whileUnavailable } from "./while-unavailable.ts";

/** A serde with a schema registry: who calls it by hand calls `prepare` first, or waits when it says so. */
export interface RegistrySerde<T> extends Serde<T> {
  prepare(use: SerdeUse, signal: AbortSignal): Promise<void>;
}

/**
 * The serde of a format with a schema registry: what all formats share. Each record names its schema by an id before
 * the value, or by a GUID in a header.
 *
 * @throws OptionError
 * @example
 * const order = registrySerde(codec, { registry, subjectName: "topic-record" });
 */
export function registrySerde<T>(
  codec: SchemaCodec<T>,
  options: RegistrySerdeOptions,
): RegistrySerde<T> {
  const table = { ...registrySerdeOptionTable, entry: codec.name };
  return new SchemaIdSerde(codec, readOptions(table, options));
}

class SchemaIdSerde<T> implements RegistrySerde<T> {
  readonly name: string;
  readonly isNullable = false;
  /** Each topic has subjects of its own, and the id is that of a schema there. */
  readonly usesPlace = true;
  readonly source: SchemaRegistry;
  readonly #codec: SchemaCodec<T>;
  readonly #settings: RegistrySerdeSettings;
  readonly #writers: SchemaWriters<T>;
  readonly #readers: SchemaReaders<T>;
  /** What the value before was written with, and where: most are written so too. */
  #lastTarget: WriteTarget<T> | undefined;
  #lastTopic = "";
  #lastPart: SerdePart = "value";
  #lastOwn: OwnSchema | undefined;
  /** The same of reading. */
  #lastReader: SchemaReader<T> | undefined;
  #lastId = 0;

  constructor(codec: SchemaCodec<T>, settings: RegistrySerdeSettings) {
    this.name = codec.name;
    this.#codec = codec;
    this.#settings = settings;
    this.source = settings.registry;
    this.#writers = new SchemaWriters(codec, settings);
    this.#readers = new SchemaReaders(codec, settings);
  }

  serialize(value: T & {}, topic: string, place?: SerdePlace): Uint8Array {
    const codec = this.#codec;
    const own = codec.ownSchemaOf === undefined ? codec.ownSchemas[0] : codec.ownSchemaOf(value);
    const target = this.#target(topic, place?.part ?? "value", own);
    if (place?.setHeader === undefined) return target.writer.write(value, target.prefix);
    if (target.header === undefined) return this.#writeWithPrefix(value, target, place);
    const bytes = target.writer.write(value, noBytes);
    place.setHeader(schemaHeaderName(place.part), target.header);
    return bytes;
  }

  deserialize(bytes: Uint8Array, _topic: string, place?: SerdePlace): T & {} {
    if (place !== undefined && place.headers.length > 0) {
      const header = lastHeader(place.headers, schemaHeaderName(place.part));
      if (header !== null) return this.#readApart(bytes, header);
    }
    if (bytes[0] === guidMagic)
      return checked(this.#readers.ofGuid(readGuid(bytes)).read(bytes, guidFrameSize));
    return checked(this.#reader(readId(bytes)).read(bytes, idFrameSize));
  }

  async prepare({ topic, part, reads, writes }: SerdeUse, signal: AbortSignal): Promise<void> {
    const { ownSchemas } = this.#codec;
    const { useLatestVersion, useSchemaId } = this.#settings;
    const isChosen = useLatestVersion || useSchemaId !== undefined;
    if (writes) {
      const owns = ownSchemas.length === 0 && isChosen ? [undefined] : ownSchemas;
      for (const own of owns)
        await whileUnavailable(() => this.#writers.fetch({ topic, part, own }), signal);
    }
    if (reads) await this.#prepareReading(topic, part, signal);
  }

  /** Has the latest version ready, which most records are read with: none of them then waits. */
  async #prepareReading(topic: string, part: SerdePart, signal: AbortSignal): Promise<void> {
    const { registry, subjectName: strategy } = this.#settings;
    const names = this.#codec.ownSchemas.map(({ recordName }) => recordName);
    for (const recordName of strategy === "topic" ? [undefined] : names) {
      if (strategy !== "topic" && recordName === undefined) continue;
      const subject = subjectName(strategy, { topic, part, recordName });
      try {
        const latest = await whileUnavailable(() => registry.latestVersion(subject), signal);
        await whileUnavailable(() => this.#readers.keep(latest), signal);
      } catch (error) {
        signal.throwIfAborted();
        // What only some records may meet is theirs to tell.
        if (error instanceof SchemaRegistryError && !isNotFound(error)) throw error;
      }
    }
  }

  /** A header that came with what the record was made of would be believed before the prefix. */
  #writeWithPrefix(value: T, target: WriteTarget<T>, place: SerdePlace): Uint8Array {
    const bytes = target.writer.write(value, target.prefix);
    const { headers, part } = place;
    if (headers.length > 0 && lastHeader(headers, schemaHeaderName(part)) !== null)
      place.setHeader?.(schemaHeaderName(part), null);
    return bytes;
  }

  #target(topic: string, part: SerdePart, own: OwnSchema | undefined): WriteTarget<T> {
    const last = this.#lastTarget;
    if (
      last !== undefined &&
      topic === this.#lastTopic &&
      own === this.#lastOwn &&
      part === this.#lastPart
    )
      return last;
    const target = this.#writers.need({ topic, part, own });
    this.#lastTarget = target;
    this.#lastTopic = topic;
    this.#lastPart = part;
    this.#lastOwn = own;
    return target;
  }

  #reader(id: number): SchemaReader<T> {
    const last = this.#lastReader;
    if (last !== undefined && id === this.#lastId) return last;
    const reader = this.#readers.ofId(id);
    this.#lastReader = reader;
    this.#lastId = id;
    return reader;
  }

  /** A value whose schema stands in a header. */
  #readApart(bytes: Uint8Array, header: Uint8Array): T & {} {
    const isId = header[0] === idMagic;
    const reader = isId ? this.#reader(readId(header)) : this.#readers.ofGuid(readGuid(header));
    const end = isId ? idFrameSize : guidFrameSize;
    if (reader.readApart !== undefined) return checked(reader.readApart(bytes, header, end));
    return checked(reader.read(bytes, 0));
  }
}

/** Null where there is none. */
function lastHeader(headers: Headers, name: string): Uint8Array | null {
  for (let index = headers.length - 1; index >= 0; index--)
    if (headers[index][0] === name) return headers[index][1];
  return null;
}

/** What a schema makes of bytes may be null: which no value of a record is. */
function checked<T>(value: T): T & {} {
  if (value === null || value === undefined)
    throw new TypeError("the bytes hold null; null is written as a record without a value");
  return value;
}
