import type {
  NewSchema,
  SchemaReference,
  SchemaRegistryClient,
  SchemaType,
} from "@millrace/schema-registry";

import { fileText } from "./file-text.ts";
import { choiceFlag, pairsFlag, switchFlag, type FlagValues } from "./flags/flag.ts";
import { importedReferences, importsOf, type SchemaImport } from "./schema-imports.ts";
import { schemaFormatNames, schemaTypeOf } from "./schema-formats.ts";
import { UsageError } from "./usage-error.ts";

/** What a schema refers to that is in no file beside it. */
export function referenceFlag(what: string) {
  return pairsFlag({ about: `what ${what} refers to as NAME: SUBJECT:VERSION of the registry` });
}

/** Flags of the commands that take a schema out of a file. */
export const schemaFileFlags = {
  type: choiceFlag(schemaFormatNames, {
    placeholder: "FORMAT",
    about: `what the file holds: ${schemaFormatNames.join(", ")}; default: by .avsc, .proto, .json`,
  }),
  reference: referenceFlag("the schema"),
  normalize: switchFlag({
    about: "schemas that differ in what does not matter, such as the order of attributes, are one",
  }),
};

export type SchemaFileFlags = Pick<FlagValues<typeof schemaFileFlags>, "type" | "reference">;

/** A schema of a file, with what `--reference` gives, and the files that it imports besides. */
export interface FileSchema {
  readonly schema: string;
  readonly schemaType: SchemaType;
  readonly references: readonly SchemaReference[];
  readonly imports: readonly SchemaImport[];
}

export function schemaOfFile(file: string, flags: SchemaFileFlags): Promise<FileSchema> {
  return importingSchema(file, schemaTypeOf(file, flags.type), flags.reference);
}

export async function importingSchema(
  file: string,
  schemaType: SchemaType,
  pairs: SchemaFileFlags["reference"],
): Promise<FileSchema> {
  const own = {
    schema: fileText("the schema", file),
    schemaType,
    references: pairs.map(referenceOf),
  };
  return { ...own, imports: await importsOf({ file, ...own }) };
}

interface AskedImports {
  readonly normalize: boolean;
  readonly signal: AbortSignal;
  /** False: those that are not there are an error. */
  readonly registers: boolean;
}

/** The schema as a registry takes it, in which its imports are. */
export async function withImports(
  registry: SchemaRegistryClient,
  { schema, schemaType, references, imports }: FileSchema,
  { registers, ...options }: AskedImports,
): Promise<NewSchema> {
  const all = await importedReferences(imports, async (subject, imported) => {
    if (registers) await registry.register(subject, imported, options);
    return (await registry.lookUp(subject, imported, options)).version;
  });
  const referring = [...references, ...all];
  return { schema, schemaType, ...(referring.length === 0 ? {} : { references: referring }) };
}

function referenceOf([name, where]: readonly [string, string]): SchemaReference {
  const at = where.lastIndexOf(":");
  const version = Number(where.slice(at + 1));
  if (at < 1 || !Number.isSafeInteger(version) || version < 1)
    throw new UsageError(`--reference ${name}=${where} names no SUBJECT:VERSION`);
  return { name, subject: where.slice(0, at), version };
}
