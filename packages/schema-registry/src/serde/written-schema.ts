import type { SerdePart } from "@millrace/serde";
import type { KnownSchema, OwnReference, OwnSchema } from "../format/schema-codec.ts";
import type { ResolvedReference, SchemaReference, SchemaType } from "../format/schema-format.ts";
import { caughtAnswer, eachAnswered, whenAnswered, type Answer } from "../registry/answer.ts";
import { resolveReferences } from "../registry/resolve-references.ts";
import { isNotFound } from "../registry/schema-registry-error.ts";
import type {
  NewSchema,
  RegisteredSchema,
  Registration,
  SchemaRegistry,
  SubjectVersion,
} from "../registry/schema-registry.ts";
import { RegistrySerdeError } from "./registry-serde-error.ts";
import type { RegistrySerdeSettings } from "./registry-serde-options.ts";
import { subjectName } from "./subject-name.ts";

/** What is written where, and with which schema of the program. */
export interface SchemaUse {
  readonly topic: string;
  readonly part: SerdePart;
  readonly own: OwnSchema | undefined;
}

/** A schema that values are written with, and how records name it. */
export interface FoundSchema {
  readonly id: number;
  /** Undefined where the registry tells none. */
  readonly guid: string | undefined;
  readonly schema: KnownSchema;
}

/** Finds the schema that a topic is written with, as the options say; registers it where they do. */
export function writtenSchema(
  settings: RegistrySerdeSettings,
  schemaType: SchemaType,
  use: SchemaUse,
): Answer<FoundSchema> {
  const { registry, useLatestVersion, useSchemaId } = settings;
  const fetched = (id: number, answer: RegisteredSchema): Answer<FoundSchema> =>
    whenAnswered(
      knownSchema(registry, answer, { name: schemaName(registry, id), schemaType }),
      (schema) => ({ id, guid: answer.guid, schema }),
    );
  if (useSchemaId !== undefined)
    return whenAnswered(registry.schemaById(useSchemaId), (answer) => fetched(useSchemaId, answer));
  const { topic, part, own } = use;
  const parts = { topic, part, recordName: own?.recordName };
  if (useLatestVersion)
    return whenAnswered(
      registry.latestVersion(subjectName(settings.subjectName, parts)),
      (latest) => fetched(latest.id, latest),
    );
  if (own === undefined)
    throw new RegistrySerdeError(
      "NO_SCHEMA_TO_WRITE",
      `there is no schema to write ${part}s of ${topic} with; give the serde one, or useLatestVersion`,
    );
  return ownSchema(settings, own, subjectName(settings.subjectName, parts));
}

/** How messages call a schema. */
export function schemaName(registry: SchemaRegistry, id: number | string): string {
  return `schema ${id} of ${registry.name}`;
}

/**
 * A schema with what it refers to.
 *
 * @throws RegistrySerdeError `SCHEMA_TYPE_DIFFERS`
 */
export function knownSchema(
  registry: SchemaRegistry,
  answer: RegisteredSchema,
  { name, schemaType }: { readonly name: string; readonly schemaType: SchemaType },
): Answer<KnownSchema> {
  if (answer.schemaType !== schemaType)
    throw new RegistrySerdeError(
      "SCHEMA_TYPE_DIFFERS",
      `${name} is ${answer.schemaType}, the serde is for ${schemaType}`,
    );
  return whenAnswered(resolveReferences(registry, answer.references), (references) => ({
    name,
    schemaType,
    text: answer.schema,
    references,
  }));
}

/** References first: a registry takes a schema only when it has what that refers to. */
function ownSchema(
  settings: RegistrySerdeSettings,
  own: OwnSchema,
  subject: string,
): Answer<FoundSchema> {
  return whenAnswered(ownReferences(settings, own.references), (references) =>
    whenAnswered(place(settings, subject, newSchema(own, references)), ({ id, guid }) => ({
      id,
      guid,
      schema: {
        name: schemaName(settings.registry, id),
        schemaType: own.schemaType,
        text: own.text,
        references,
      },
    })),
  );
}

function ownReferences(
  settings: RegistrySerdeSettings,
  references: readonly OwnReference[],
): Answer<readonly ResolvedReference[]> {
  return eachAnswered(references, (reference) => {
    if (!("schema" in reference))
      return whenAnswered(
        resolveReferences(settings.registry, [reference]),
        ([resolved]) => resolved,
      );
    const { name, subject, schema } = reference;
    return whenAnswered(ownReferences(settings, schema.references), (inner) =>
      whenAnswered(placeWithVersion(settings, subject, newSchema(schema, inner)), (version) => ({
        name,
        subject,
        version,
        schema: schema.text,
        references: inner,
      })),
    );
  });
}

function newSchema(own: OwnSchema, references: readonly SchemaReference[]): NewSchema {
  return {
    schema: own.text,
    schemaType: own.schemaType,
    references: references.map(({ name, subject, version }) => ({ name, subject, version })),
  };
}

function place(
  { registry, autoRegisterSchemas, normalizeSchemas: normalize }: RegistrySerdeSettings,
  subject: string,
  schema: NewSchema,
): Answer<Registration> {
  if (autoRegisterSchemas) return registry.register(subject, schema, { normalize });
  return lookUp(registry, { subject, schema, normalize });
}

/** A registry before 8.0 does not say which version a registration is. */
function placeWithVersion(
  settings: RegistrySerdeSettings,
  subject: string,
  schema: NewSchema,
): Answer<number> {
  const { registry, normalizeSchemas: normalize } = settings;
  return whenAnswered(
    place(settings, subject, schema),
    (placed) =>
      placed.version ??
      whenAnswered(lookUp(registry, { subject, schema, normalize }), ({ version }) => version),
  );
}

interface LookUp {
  readonly subject: string;
  readonly schema: NewSchema;
  readonly normalize: boolean | undefined;
}

function lookUp(
  registry: SchemaRegistry,
  { subject, schema, normalize }: LookUp,
): Answer<SubjectVersion> {
  return caughtAnswer(
    () => registry.lookUp(subject, schema, { normalize }),
    (error) => {
      if (!isNotFound(error)) throw error;
      throw new RegistrySerdeError(
        "SCHEMA_NOT_REGISTERED",
        `the program's schema is no version of ${subject} in ${registry.name}; register it, or set autoRegisterSchemas`,
        { cause: error },
      );
    },
  );
}
