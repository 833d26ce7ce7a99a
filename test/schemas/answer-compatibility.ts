import {
  checkCompatibility,
  type CompatibilityLevel,
  type CompatibilityPolicy,
  type CompatibilityProblem,
  type ParsedSchema,
  type ResolvedReference,
  type SchemaFormat,
} from "@millrace/schema-registry";

import type { FactAnswer, FactCase } from "./facts.ts";

/** A schema of a case: its text, or with references. */
type GivenSchema = string | { readonly schema: string; readonly references: readonly Given[] };
type Given = Omit<ResolvedReference, "references"> & { readonly references?: readonly Given[] };

/** Whether a schema may follow those before it, by the level that the case gives, and what is wrong. */
export function compatibilityWith(format: SchemaFormat): (given: FactCase) => FactAnswer {
  return (given) => {
    const policy = (given["policy"] ?? "STRICT") as CompatibilityPolicy;
    const schema = parseGiven(format, given["schema"] as GivenSchema);
    const previous = (given["previous"] as readonly GivenSchema[]).map((old) =>
      parseGiven(format, old),
    );
    const level = given["mode"] as CompatibilityLevel;
    const found = checkCompatibility({ level, policy }, schema, previous);
    return {
      compatible: found.isCompatible,
      problems: found.problems.map(told),
      allowed: found.allowed.map(told),
    };
  };
}

function told({ version, reader, kind, path, detail }: CompatibilityProblem): object {
  return { version, reader, kind, path, detail };
}

export function parseGiven(format: SchemaFormat, given: GivenSchema): ParsedSchema {
  if (typeof given === "string") return format.parse(given, []);
  return format.parse(given.schema, given.references.map(resolved));
}

function resolved(given: Given): ResolvedReference {
  return { ...given, references: (given.references ?? []).map(resolved) };
}
