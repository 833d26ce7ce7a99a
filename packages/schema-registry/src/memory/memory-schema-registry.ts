import { encodeUtf8, murmur3, toHex } from "@millrace/model";
import { checkCompatibility, type CompatibilityLevel } from "../format/check-compatibility.ts";
import { SchemaError } from "../format/schema-error.ts";
import type { ParsedSchema, ResolvedReference, SchemaFormat } from "../format/schema-format.ts";
import { resolveReferences } from "../registry/resolve-references.ts";
import {
  SchemaRegistryError,
  type SchemaRegistryErrorCode,
  type SchemaRegistryErrorDetails,
} from "../registry/schema-registry-error.ts";
import type {
  NewSchema,
  RegisteredSchema,
  RegisterOptions,
  SchemaRegistry,
  SubjectVersion,
} from "../registry/schema-registry.ts";

export interface MemorySchemaRegistryOptions {
  /**
   * Such as `avroFormat`: their schemas are parsed, and held to the level of their subject. Schemas of other formats
   * are taken as they are, and are one if their texts are.
   */
  readonly formats?: readonly SchemaFormat[];
  /** Of subjects that have none of their own. Default: `BACKWARD`. */
  readonly compatibility?: CompatibilityLevel;
}

/**
 * A schema registry in memory, for tests (Confluent: `MockSchemaRegistryClient`, `mock://`). It gives ids and versions
 * as a real one, refuses what a real one refuses, and answers at once: serdes never wait, which a `TopologyTestDriver`
 * needs. GUIDs are of its own making.
 *
 * @example
 * const registry = new MemorySchemaRegistry({ formats: [avroFormat] });
 * const order = avro(orderSchema, { registry });
 */
export class MemorySchemaRegistry implements SchemaRegistry {
  readonly name = "the registry in memory";
  /** Time stands still: it is asked anew each time. */
  readonly clock = { monotonicMs: () => 0 };
  readonly #options: MemorySchemaRegistryOptions;
  readonly #schemas = new Map<number, RegisteredSchema>();
  readonly #ids = new Map<string, number>();
  readonly #subjects = new Map<string, readonly SubjectVersion[]>();
  readonly #levels = new Map<string, CompatibilityLevel>();

  constructor(options: MemorySchemaRegistryOptions = {}) {
    this.#options = options;
  }

  schemaById(id: number): RegisteredSchema {
    const schema = this.#schemas.get(id);
    if (schema === undefined)
      throw refused("SCHEMA_NOT_FOUND", { errorCode: 40403 }, `no schema has the id ${id}`);
    return schema;
  }

  schemaByGuid(guid: string): RegisteredSchema {
    for (const schema of this.#schemas.values()) if (schema.guid === guid) return schema;
    throw refused("SCHEMA_NOT_FOUND", { errorCode: 40403 }, `no schema has the GUID ${guid}`);
  }

  referencedVersion(subject: string, version: number): SubjectVersion {
    const found = (this.#subjects.get(subject) ?? []).find((one) => one.version === version);
    if (found !== undefined) return found;
    const where = { errorCode: 40402, subject, version };
    throw refused("VERSION_NOT_FOUND", where, `${subject} has no version ${version}`);
  }

  latestVersion(subject: string): SubjectVersion {
    const versions = this.#live(subject);
    return versions[versions.length - 1];
  }

  lookUp(subject: string, schema: NewSchema, options: RegisterOptions = {}): SubjectVersion {
    const versions = this.#live(subject);
    const { text } = this.#understood(subject, schema, { ...options, isNew: false });
    const found = this.#sameAs(versions, text, schema);
    if (found !== undefined) return found;
    const where = { errorCode: 40403, subject };
    throw refused("SCHEMA_NOT_FOUND", where, `${subject} has no such schema`);
  }

  register(subject: string, schema: NewSchema, options: RegisterOptions = {}): SubjectVersion {
    const all = this.#subjects.get(subject) ?? [];
    const versions = all.filter(({ deleted }) => deleted !== true);
    const { text, parsed } = this.#understood(subject, schema, { ...options, isNew: true });
    const known = this.#sameAs(versions, text, schema);
    if (known !== undefined) return known;
    if (parsed !== undefined) this.#requireCompatible(subject, parsed, versions);
    const { schemaType = "AVRO", references = [], metadata, ruleSet } = schema;
    const identity = JSON.stringify([schemaType, text, references, metadata, ruleSet]);
    const id = this.#ids.get(identity) ?? this.#ids.size + 1;
    const added: SubjectVersion = {
      subject,
      version: Math.max(0, ...all.map(({ version }) => version)) + 1,
      id,
      guid: guidOf(identity),
      schemaType,
      schema: text,
      references,
      ...(metadata === undefined ? {} : { metadata }),
      ...(ruleSet === undefined ? {} : { ruleSet }),
    };
    this.#ids.set(identity, id);
    this.#schemas.set(id, added);
    this.#subjects.set(subject, [...all, added]);
    return added;
  }

  /** In the order of their names, without those that are deleted. */
  subjects(): readonly string[] {
    return [...this.#subjects]
      .filter(([, versions]) => versions.some(({ deleted }) => deleted !== true))
      .map(([subject]) => subject)
      .sort();
  }

  /** @throws SchemaRegistryError `SUBJECT_NOT_FOUND` */
  versions(subject: string): readonly number[] {
    return this.#live(subject).map(({ version }) => version);
  }

  setCompatibility(subject: string, level: CompatibilityLevel): void {
    this.#levels.set(subject, level);
  }

  /**
   * Its schemas are still read by their ids, as after a soft delete.
   *
   * @returns the versions that went
   */
  deleteSubject(subject: string): readonly number[] {
    const versions = this.versions(subject);
    const all = this.#subjects.get(subject) ?? [];
    this.#subjects.set(
      subject,
      all.map((version) => ({ ...version, deleted: true })),
    );
    return versions;
  }

  #live(subject: string): readonly SubjectVersion[] {
    const versions = (this.#subjects.get(subject) ?? []).filter(({ deleted }) => deleted !== true);
    if (versions.length > 0) return versions;
    throw refused("SUBJECT_NOT_FOUND", { errorCode: 40401, subject }, `there is no ${subject}`);
  }

  #understood(
    subject: string,
    schema: NewSchema,
    { normalize = false, isNew }: RegisterOptions & { readonly isNew: boolean },
  ): { readonly text: string; readonly parsed?: ParsedSchema } {
    const { schemaType = "AVRO", references = [] } = schema;
    const format = this.#options.formats?.find((one) => one.schemaType === schemaType);
    try {
      const resolved = resolveReferences(this, references) as readonly ResolvedReference[]; // we answer at once
      if (format === undefined) return { text: schema.schema };
      const parsed = format.parse(schema.schema, resolved, { isNew });
      return { text: normalize ? parsed.normalized() : parsed.text, parsed };
    } catch (cause) {
      if (!(cause instanceof SchemaError) && !(cause instanceof SchemaRegistryError)) throw cause;
      const where = { status: 422, errorCode: 42201, subject, cause };
      throw refused("SCHEMA_REFUSED", where, `${subject}: ${cause.message}`);
    }
  }

  #sameAs(
    versions: readonly SubjectVersion[],
    text: string,
    { schemaType = "AVRO", references = [] }: NewSchema,
  ): SubjectVersion | undefined {
    return versions.findLast(
      (version) =>
        version.schema === text &&
        version.schemaType === schemaType &&
        JSON.stringify(version.references) === JSON.stringify(references),
    );
  }

  #requireCompatible(
    subject: string,
    schema: ParsedSchema,
    versions: readonly SubjectVersion[],
  ): void {
    const level = this.#levels.get(subject) ?? this.#options.compatibility ?? "BACKWARD";
    const previous = versions.map((version) => this.#parsed(version));
    const { problems } = checkCompatibility({ level }, schema, previous);
    if (problems.length === 0) return;
    const { version, path, message } = problems[0];
    throw refused(
      "SCHEMA_INCOMPATIBLE",
      { status: 409, errorCode: 40901, subject, version: versions[version - 1].version },
      `${subject}: the schema does not fit version ${versions[version - 1].version} under ${level}: ${message} (${path})`,
    );
  }

  /** What is compared has a format, and so have the versions before it, unless they are of another type. */
  #parsed({ schema, schemaType, references }: SubjectVersion): ParsedSchema {
    const format = this.#options.formats?.find((one) => one.schemaType === schemaType);
    const resolved = resolveReferences(this, references) as readonly ResolvedReference[]; // we answer at once
    if (format !== undefined) return format.parse(schema, resolved, { isNew: false });
    return {
      schemaType,
      text: schema,
      normalized: () => schema,
      formatted: () => schema,
      differencesFrom: () => [],
    };
  }
}

function guidOf(identity: string): string {
  const digits = toHex(murmur3(encodeUtf8(identity)));
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function refused(
  code: SchemaRegistryErrorCode,
  details: SchemaRegistryErrorDetails,
  registryMessage: string,
): SchemaRegistryError {
  return new SchemaRegistryError(code, registryMessage, {
    status: 404,
    registryMessage,
    ...details,
  });
}
