import {
  choiceOption,
  flagOption,
  numberOption,
  optionTable,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import type { SchemaRegistry } from "../registry/schema-registry.ts";
import { subjectNameKind, type SubjectNameStrategy } from "./subject-name.ts";

interface RequiredSettings {
  readonly isRequired: true;
  readonly kafka: string;
}

const registrySerdeOptionRows = {
  /** Where the schemas are: a `SchemaRegistryClient`, shared by all serdes of a program; in tests a `MemorySchemaRegistry`. */
  registry: valueOption<SchemaRegistry, RequiredSettings>(
    {
      allowed:
        "a SchemaRegistryClient, as new SchemaRegistryClient({ url }) makes it, or a MemorySchemaRegistry",
      accepts: (given) =>
        typeof given === "object" && given !== null && "schemaById" in given && "register" in given,
    },
    { isRequired: true, kafka: "schema.registry.url" },
  ),
  /** Under which subject the schemas stand. */
  subjectName: valueOption<SubjectNameStrategy, { byDefault: "topic"; kafka: string }>(
    subjectNameKind,
    { byDefault: "topic", kafka: "value.subject.name.strategy" },
  ),
  /** Whether the program's schema is registered when the registry does not have it; false: it must be there. */
  autoRegisterSchemas: flagOption({ byDefault: true, kafka: "auto.register.schemas" }),
  /** Writes with the version of the subject that is the latest when it is first needed, whatever the program's schema is; nothing is registered. */
  useLatestVersion: flagOption({ byDefault: false, kafka: "use.latest.version" }),
  /** Writes with the schema of this id; nothing is registered. */
  useSchemaId: numberOption({ min: -(2 ** 31), max: 2 ** 31 - 1, kafka: "use.schema.id" }),
  /** Whether schemas that differ in what does not matter, such as the order of attributes, are one for the registry. Default: what it is set to. */
  normalizeSchemas: flagOption({ kafka: "normalize.schemas" }),
  /** Where the schema of a record stands: its id before the value, or its GUID in a header (registries since 8.0). Both are read. */
  framing: choiceOption(["prefix", "header"], {
    byDefault: "prefix",
    kafka: "value.schema.id.serializer",
  }),
  /** Schemas that are kept ready, for reading and for each topic that is written; the oldest goes when another comes. */
  cachedSchemasMax: numberOption({ min: 1, byDefault: 1000, kafka: "max.schemas.per.subject" }),
};

/** What the serdes of all formats take, besides their schema. */
export interface RegistrySerdeOptions extends GivenOptions<typeof registrySerdeOptionRows> {}

export type RegistrySerdeSettings = ReadOptions<typeof registrySerdeOptionRows>;

export const registrySerdeOptionTable = optionTable("registrySerde", registrySerdeOptionRows, [
  {
    demand: "a serde writes with the latest version or with the schema of an id",
    options: ["useLatestVersion", "useSchemaId"],
    holds: ({ useLatestVersion, useSchemaId }) => !useLatestVersion || useSchemaId === undefined,
  },
]);
