import type { NewSchema, SchemaReference } from "@millrace/schema-registry";

import { fileText } from "./file-text.ts";
import { choiceFlag, pairsFlag, switchFlag, type FlagValues } from "./flags/flag.ts";
import { schemaFormatNames, schemaTypeOf } from "./schema-formats.ts";
import { UsageError } from "./usage-error.ts";

/** Flags of the commands that take a schema out of a file. */
export const schemaFileFlags = {
  type: choiceFlag(schemaFormatNames, {
    placeholder: "FORMAT",
    about: `what the file holds: ${schemaFormatNames.join(", ")}; default: by .avsc, .proto, .json`,
  }),
  reference: pairsFlag({
    about: "what the schema refers to as NAME: SUBJECT:VERSION of the registry",
  }),
  normalize: switchFlag({
    about: "schemas that differ in what does not matter, such as the order of attributes, are one",
  }),
};

export type SchemaFileFlags = Pick<FlagValues<typeof schemaFileFlags>, "type" | "reference">;

/** The schema of a file, with what it refers to. */
export function schemaOfFile(file: string, flags: SchemaFileFlags): NewSchema {
  const references = flags.reference.map(referenceOf);
  const schemaType = schemaTypeOf(file, flags.type);
  return {
    schema: fileText("the schema", file),
    schemaType,
    ...(references.length === 0 ? {} : { references }),
  };
}

function referenceOf([name, where]: readonly [string, string]): SchemaReference {
  const at = where.lastIndexOf(":");
  const version = Number(where.slice(at + 1));
  if (at < 1 || !Number.isSafeInteger(version) || version < 1)
    throw new UsageError(`--reference ${name}=${where} names no SUBJECT:VERSION`);
  return { name, subject: where.slice(0, at), version };
}
