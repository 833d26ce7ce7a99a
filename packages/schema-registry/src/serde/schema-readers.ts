import type { SchemaCodec, SchemaReader } from "../format/schema-codec.ts";
import { caughtAnswer, whenAnswered, type Answer } from "../registry/answer.ts";
import { isNotFound } from "../registry/schema-registry-error.ts";
import type { RegisteredSchema, SubjectVersion } from "../registry/schema-registry.ts";
import { FetchedMap } from "./fetched-map.ts";
import { RegistrySerdeError } from "./registry-serde-error.ts";
import type { RegistrySerdeSettings } from "./registry-serde-options.ts";
import { knownSchema, schemaName } from "./written-schema.ts";

/** What records are read with, by the schema that they name: fetched once. */
export class SchemaReaders<T> {
  readonly #codec: SchemaCodec<T>;
  readonly #settings: RegistrySerdeSettings;
  readonly #byId: FetchedMap<number, SchemaReader<T>>;
  readonly #byGuid: FetchedMap<string, SchemaReader<T>>;

  constructor(codec: SchemaCodec<T>, settings: RegistrySerdeSettings) {
    this.#codec = codec;
    this.#settings = settings;
    const { cachedSchemasMax: entriesMax, registry } = settings;
    this.#byId = new FetchedMap({ entriesMax, registry });
    this.#byGuid = new FetchedMap({ entriesMax, registry });
  }

  /** @throws SerdePendingError; RegistrySerdeError; what the registry or the codec refuses with */
  ofId(id: number): SchemaReader<T> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const { registry } = this.#settings;
    const name = schemaName(registry, id);
    return this.#byId.need(id, name, () => this.#reader(name, () => registry.schemaById(id)));
  }

  /** The same, by the schema's GUID. */
  ofGuid(guid: string): SchemaReader<T> {
    const known = this.#byGuid.get(guid);
    if (known !== undefined) return known;
    const { registry } = this.#settings;
    const name = schemaName(registry, guid);
    return this.#byGuid.need(guid, name, () =>
      this.#reader(name, () => registry.schemaByGuid(guid)),
    );
  }

  /** Has the reader of a version ready before the first record. */
  keep(version: SubjectVersion): Answer<SchemaReader<T>> {
    const { id } = version;
    const name = schemaName(this.#settings.registry, id);
    return this.#byId.fetch(id, () => this.#reader(name, () => version));
  }

  #reader(name: string, fetch: () => Answer<RegisteredSchema>): Answer<SchemaReader<T>> {
    const { schemaType } = this.#codec;
    const { registry } = this.#settings;
    const fetched = caughtAnswer(fetch, (error) => {
      throw isNotFound(error) ? unknownSchema(name, error) : error;
    });
    return whenAnswered(fetched, (answer) =>
      whenAnswered(knownSchema(registry, answer, { name, schemaType }), (schema) =>
        this.#codec.reader(schema),
      ),
    );
  }
}

function unknownSchema(name: string, cause: unknown): RegistrySerdeError {
  return new RegistrySerdeError(
    "UNKNOWN_SCHEMA_ID",
    `there is no ${name}; the record was written with another registry, or by another serde`,
    { cause },
  );
}
