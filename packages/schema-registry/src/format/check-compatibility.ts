import type { CompatibilityPolicy, ParsedSchema, SchemaDifference } from "./schema-format.ts";

/** Which earlier versions a new schema must fit, and which way (Confluent: `CompatibilityLevel`). */
export type CompatibilityLevel = (typeof compatibilityLevels)[number];

export const compatibilityLevels = [
  "NONE",
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
] as const;

/** A difference, with who would read whose data. */
export interface CompatibilityProblem extends SchemaDifference {
  /** Which of the earlier schemas, from 1. */
  readonly version: number;
  /** Who reads: the new schema what was written, or the earlier one what will be. */
  readonly reader: "new" | "previous";
}

export interface CompatibilityResult {
  readonly isCompatible: boolean;
  /** What refuses the schema, all of one version: the newest that has any. */
  readonly problems: readonly CompatibilityProblem[];
  /** What was seen on the way and let pass. */
  readonly allowed: readonly CompatibilityProblem[];
}

export interface CompatibilityRule {
  readonly level: CompatibilityLevel;
  /** How strict JSON Schema is about open objects. Default: `STRICT`. */
  readonly policy?: CompatibilityPolicy;
}

/**
 * Whether a schema may follow others under a level (Confluent: `CompatibilityChecker`). The levels that are not
 * transitive look at the latest version alone; the others go from the newest back, and stop at the first version that
 * has problems.
 *
 * @param previous the schemas that are there, oldest first
 * @example
 * const { isCompatible, problems } = checkCompatibility({ level: "BACKWARD" }, schema, previous);
 * for (const { version, message } of problems) console.log(`version ${version}: ${message}`);
 */
export function checkCompatibility(
  { level, policy = "STRICT" }: CompatibilityRule,
  schema: ParsedSchema,
  previous: readonly ParsedSchema[],
): CompatibilityResult {
  const allowed: CompatibilityProblem[] = [];
  if (level === "NONE") return { isCompatible: true, problems: [], allowed };
  const oldest = level.endsWith("_TRANSITIVE") ? 0 : Math.max(0, previous.length - 1);
  for (let index = previous.length - 1; index >= oldest; index--) {
    const found = problemsWith(previous[index], { level, policy, schema, version: index + 1 });
    const problems = found.filter(({ isAllowed }) => !isAllowed);
    allowed.push(...found.filter(({ isAllowed }) => isAllowed));
    if (problems.length > 0) return { isCompatible: false, problems, allowed };
  }
  return { isCompatible: true, problems: [], allowed };
}

interface Comparison {
  readonly level: CompatibilityLevel;
  readonly policy: CompatibilityPolicy;
  readonly schema: ParsedSchema;
  readonly version: number;
}

function problemsWith(
  previous: ParsedSchema,
  { level, policy, schema, version }: Comparison,
): readonly CompatibilityProblem[] {
  if (previous.schemaType !== schema.schemaType)
    return [{ version, reader: "new", ...otherType(previous, schema) }];
  const found: CompatibilityProblem[] = [];
  if (!level.startsWith("FORWARD"))
    for (const difference of schema.differencesFrom(previous, policy))
      found.push({ version, reader: "new", ...difference });
  if (!level.startsWith("BACKWARD"))
    for (const difference of previous.differencesFrom(schema, policy))
      found.push({ version, reader: "previous", ...difference });
  return found;
}

function otherType(previous: ParsedSchema, schema: ParsedSchema): SchemaDifference {
  return {
    kind: "SCHEMA_TYPE_CHANGED",
    path: "",
    message: `the schema is ${schema.schemaType}, the earlier one ${previous.schemaType}; all versions of a subject have one type`,
    isAllowed: false,
  };
}
