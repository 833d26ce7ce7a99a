import type {
  CompatibilityPolicy,
  ParsedSchema,
  ResolvedReference,
  SchemaFormat,
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
    const { problems, allowed } = comparedAt(`${given["mode"]}`, schema, previous, policy);
    return { compatible: problems.length === 0, problems, allowed };
  };
}

interface Compared {
  readonly problems: object[];
  /** Seen, and let pass. */
  readonly allowed: object[];
}

/** Newest first; the levels that are not transitive look at it alone; the first version with problems ends it. */
function comparedAt(
  level: string,
  schema: ParsedSchema,
  previous: readonly ParsedSchema[],
  policy: CompatibilityPolicy,
): Compared {
  const compared: Compared = { problems: [], allowed: [] };
  if (level === "NONE") return compared;
  for (let version = previous.length; version > 0; version--) {
    const old = previous[version - 1];
    const check = (who: string, reader: ParsedSchema, writer: ParsedSchema): void => {
      for (const { kind, path, detail, isAllowed } of reader.differencesFrom(writer, policy)) {
        const { [isAllowed ? "allowed" : "problems"]: list } = compared;
        list.push({ version, reader: who, kind, path, detail });
      }
    };
    if (!level.startsWith("FORWARD")) check("new", schema, old);
    if (!level.startsWith("BACKWARD")) check("previous", old, schema);
    if (compared.problems.length > 0 || !level.endsWith("_TRANSITIVE")) break;
  }
  return compared;
}

export function parseGiven(format: SchemaFormat, given: GivenSchema): ParsedSchema {
  if (typeof given === "string") return format.parse(given, []);
  return format.parse(given.schema, given.references.map(resolved));
}

function resolved(given: Given): ResolvedReference {
  return { ...given, references: (given.references ?? []).map(resolved) };
}
