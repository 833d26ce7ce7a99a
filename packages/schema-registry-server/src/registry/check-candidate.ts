import { checkCompatibility, type CompatibilityProblem } from "@millrace/schema-registry";

import type { StoredSchema } from "../records/stored-schema.ts";
import type { SubjectConfig } from "../records/subject-config.ts";
import type { Candidate } from "./look-up.ts";
import type { Registry } from "./registry.ts";

/**
 * Why a schema must not follow others, a text each: the differences, then the version, the schema and the settings that
 * refuse it. Empty: it may.
 *
 * @param previous oldest first
 */
export function incompatibilities(
  registry: Registry,
  candidate: Candidate,
  previous: readonly StoredSchema[],
  config: SubjectConfig,
): readonly string[] {
  const {
    compatibilityLevel: level = "BACKWARD",
    compatibilityPolicy,
    compatibilityGroup,
  } = config;
  const compared =
    compatibilityGroup === undefined
      ? previous
      : previous.filter((stored) => isOfGroup(compatibilityGroup, candidate, stored));
  const needed = level.endsWith("_TRANSITIVE") ? compared : compared.slice(-1);
  if (level === "NONE" || needed.length === 0) return [];
  const parsed = needed.map((stored) => registry.parser.parseStored(stored));
  const rule = { level, policy: compatibilityPolicy ?? "STRICT" };
  const { problems } = checkCompatibility(rule, candidate.parsed, parsed);
  if (problems.length === 0) return [];
  const refusing = needed[problems[0].version - 1];
  return [
    ...problems.map((problem) => told(problem, refusing)),
    `{oldSchemaVersion: ${refusing.version}}`,
    `{oldSchema: '${refusing.schema}'}`,
    `{validateFields: '${config.validateFields ?? false}', compatibility: '${level}'}`,
  ];
}

/** In the form that Confluent's registry gives them. */
function told(
  { kind, path, message, reader }: CompatibilityProblem,
  refusing: StoredSchema,
): string {
  const who =
    reader === "new"
      ? `the new schema reads version ${refusing.version}`
      : `version ${refusing.version} reads the new schema`;
  return `{errorType:'${kind}', description:'${message} (where ${who})', additionalInfo:'${path}'}`;
}

function isOfGroup(group: string, candidate: Candidate, stored: StoredSchema): boolean {
  return candidate.metadata?.properties?.[group] === stored.metadata?.properties?.[group];
}
