import { concatBytes, noBytes } from "@millrace/model";
import type { SerdePart } from "@millrace/serde";
import type { OwnSchema, SchemaCodec, SchemaWriter } from "../format/schema-codec.ts";
import { guidFrame, idFrame } from "../framing/frame.ts";
import { whenAnswered, type Answer } from "../registry/answer.ts";
import { FetchedMap } from "./fetched-map.ts";
import { RegistrySerdeError } from "./registry-serde-error.ts";
import type { RegistrySerdeSettings } from "./registry-serde-options.ts";
import { writtenSchema, type FoundSchema, type SchemaUse } from "./written-schema.ts";

/** How values of one schema are written to one topic. */
export interface WriteTarget<T> {
  readonly writer: SchemaWriter<T>;
  /** Goes before a value. */
  readonly prefix: Uint8Array;
  /** Goes into a header instead; undefined with framing `prefix`. */
  readonly header: Uint8Array | undefined;
}

type PerTopic<T> = Record<SerdePart, FetchedMap<string, WriteTarget<T>>>;

/** What each topic is written with: fetched or registered once. */
export class SchemaWriters<T> {
  readonly #codec: SchemaCodec<T>;
  readonly #settings: RegistrySerdeSettings;
  readonly #bySchema = new Map<OwnSchema | undefined, PerTopic<T>>();

  constructor(codec: SchemaCodec<T>, settings: RegistrySerdeSettings) {
    this.#codec = codec;
    this.#settings = settings;
  }

  /** @throws SerdePendingError, and what the registry refuses with */
  need(use: SchemaUse): WriteTarget<T> {
    const { topic, part, own } = use;
    const targets = this.#targets(own)[part];
    const known = targets.get(topic);
    if (known !== undefined) return known;
    return targets.need(topic, `the schema of the ${part}s of ${topic}`, () => this.#fetch(use));
  }

  fetch(use: SchemaUse): Answer<WriteTarget<T>> {
    return this.#targets(use.own)[use.part].fetch(use.topic, () => this.#fetch(use));
  }

  #targets(own: OwnSchema | undefined): PerTopic<T> {
    const known = this.#bySchema.get(own);
    if (known !== undefined) return known;
    const { cachedSchemasMax: entriesMax, registry } = this.#settings;
    const options = { entriesMax, registry };
    const made = {
      key: new FetchedMap<string, WriteTarget<T>>(options),
      value: new FetchedMap<string, WriteTarget<T>>(options),
    };
    this.#bySchema.set(own, made);
    return made;
  }

  #fetch(use: SchemaUse): Answer<WriteTarget<T>> {
    const schema = writtenSchema(this.#settings, this.#codec.schemaType, use);
    return whenAnswered(schema, (found) => this.#target(found, use.own));
  }

  #target(found: FoundSchema, own: OwnSchema | undefined): WriteTarget<T> {
    const writer = this.#codec.writer(found.schema, own);
    const { indexes = noBytes } = writer;
    const isInHeader = this.#settings.framing === "header";
    return {
      writer,
      prefix: concatBytes(idFrame(found.id), indexes),
      header: isInHeader ? concatBytes(guidFrame(this.#guidOf(found)), indexes) : undefined,
    };
  }

  #guidOf({ id, guid }: FoundSchema): string {
    if (guid !== undefined) return guid;
    throw new RegistrySerdeError(
      "GUID_UNKNOWN",
      `${this.#settings.registry.name} tells no GUID of schema ${id}, as registries before 8.0; use framing "prefix"`,
    );
  }
}
