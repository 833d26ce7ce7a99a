import {
  mergeMetadata,
  statedVersion,
  withoutStatedVersion,
  withStatedVersion,
  type Metadata,
} from "../records/metadata.ts";
import {
  contextOf,
  parseSubject,
  subjectBeside,
  subjectText,
  defaultContext,
} from "../records/qualified-subject.ts";
import { guidOf, type SchemaContent } from "../records/guid.ts";
import { mergeRuleSets } from "../records/rule-set.ts";
import type { StoredSchema } from "../records/stored-schema.ts";
import type { SubjectConfig } from "../records/subject-config.ts";
import type { ParsedSchema } from "@millrace/schema-registry";
import { RegistryError } from "../registry-error.ts";
import type { Registry } from "./registry.ts";
import { isEmptySchema, type SchemaRequest } from "./schema-request.ts";

/** A schema of a request, understood. */
export interface Candidate extends SchemaContent {
  readonly subject: string;
  readonly schemaType: string;
  readonly parsed: ParsedSchema;
  readonly guid: string;
}

export interface CandidateOptions {
  readonly normalize: boolean;
  /** Whether it is to be registered: then what it refers to must not be soft-deleted. */
  readonly isNew: boolean;
}

/** @throws RegistryError `INVALID_SCHEMA` */
export function candidateOf(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  { normalize, isNew }: CandidateOptions,
): Candidate {
  if (isEmptySchema(request)) throw new RegistryError("INVALID_SCHEMA", "the schema is empty");
  const { schemaType, metadata, ruleSet } = request;
  const { parsed, references } = registry.parser.parse({ ...request, subject }, { isNew });
  const isNormal = normalize && registry.modeInScope(subject) !== "IMPORT";
  const content = {
    schema: isNormal ? parsed.normalized() : parsed.text,
    references,
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
  return { subject, schemaType, parsed, ...content, guid: guidOf(content) };
}

/** With the metadata and rules that the settings give, or the version before. */
export function withInherited(
  request: SchemaRequest,
  config: SubjectConfig,
  previous: StoredSchema | undefined,
  nextVersion?: number,
): SchemaRequest {
  const specific = request.metadata ?? previous?.metadata;
  const merged = mergeMetadata(
    mergeMetadata(config.defaultMetadata, specific),
    config.overrideMetadata,
  );
  const isStated = request.version !== undefined || statedVersion(merged) !== undefined;
  const metadata =
    nextVersion !== undefined && isStated ? withStatedVersion(merged, nextVersion) : merged;
  const rules = request.ruleSet ?? previous?.ruleSet;
  const ruleSet = mergeRuleSets(
    mergeRuleSets(config.defaultRuleSet, rules),
    config.overrideRuleSet,
  );
  return {
    ...request,
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
}

export interface LookUpOptions {
  readonly normalize: boolean;
  /** Soft-deleted versions too. */
  readonly deleted: boolean;
}

/** The version of a subject that has the schema; in its context, or where an unqualified one has it. */
export function lookUp(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  options: LookUpOptions,
): StoredSchema | undefined {
  const found = lookUpWithin(registry, subject, request, options);
  if (found !== undefined || contextOf(subject) !== defaultContext) return found;
  for (const context of registry.state.contexts().slice(1)) {
    const beside = subjectText({ context, subject: parseSubject(subject).subject });
    const other = tryLookUp(registry, beside, request, options);
    if (other !== undefined) return other;
  }
  return undefined;
}

/** Of another context: a schema that refers to what is not there is not there either. */
function tryLookUp(
  ...[registry, subject, request, options]: Parameters<typeof lookUp>
): StoredSchema | undefined {
  try {
    return lookUpWithin(registry, subject, request, options);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "INVALID_SCHEMA") return undefined;
    throw error;
  }
}

/** As registering would find it: with the metadata and rules of the latest version where there are none. */
function lookUpWithin(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  options: LookUpOptions,
): StoredSchema | undefined {
  const found = lookUpExactly(registry, subject, request, options);
  const latest = registry.state.latest(subject);
  if (found !== undefined || latest === undefined) return found;
  const inherited = withInherited(request, registry.configInScope(subject), latest);
  return lookUpExactly(registry, subject, inherited, options);
}

export function lookUpExactly(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  { normalize, deleted }: LookUpOptions,
): StoredSchema | undefined {
  if (isEmptySchema(request)) return undefined;
  const candidate = candidateOf(registry, subject, request, { normalize, isNew: false });
  if (request.version === -1) {
    const latest = registry.state.latest(subject);
    return latest !== undefined && isSame(registry, candidate, latest) ? latest : undefined;
  }
  const same = versionWith(registry, candidate);
  if (same !== undefined && (deleted || !same.isDeleted)) return same;
  return registry.state
    .versions(subject)
    .findLast((stored) => (deleted || !stored.isDeleted) && isSame(registry, candidate, stored));
}

/** The latest version of the candidate's subject with just its content. */
export function versionWith(
  { state }: Registry,
  { subject, guid }: Candidate,
): StoredSchema | undefined {
  const context = contextOf(subject);
  const id = state.context(context).idOf(guid);
  return id === undefined ? undefined : state.byId(context, id, subject);
}

/**
 * Whether a stored version is what is looked for, though not by its bytes: sent without the version that it states, or
 * with all that it refers to written out.
 */
export function isSame(registry: Registry, candidate: Candidate, stored: StoredSchema): boolean {
  if (candidate.schemaType !== stored.schemaType || !hasSameRest(candidate, stored)) return false;
  if (candidate.references.length === 0 && stored.references.length > 0) {
    const resolved = registry.parser.parseStored(stored).formatted("resolved");
    if (resolved === candidate.parsed.formatted("resolved")) return true;
  }
  const byName = ({ name, subject, version }: StoredSchema["references"][number]): string =>
    JSON.stringify([name, subjectBeside(stored.subject, subject), version]);
  const isEqual = (left: StoredSchema["references"], right: StoredSchema["references"]): boolean =>
    left.map(byName).join() === right.map(byName).join();
  return candidate.schema === stored.schema && isEqual(candidate.references, stored.references);
}

function hasSameRest(candidate: Candidate, stored: StoredSchema): boolean {
  if (JSON.stringify(candidate.ruleSet) !== JSON.stringify(stored.ruleSet)) return false;
  const own = statedVersion(candidate.metadata);
  const other = statedVersion(stored.metadata);
  if ((own === undefined) === (other === undefined))
    return JSON.stringify(candidate.metadata) === JSON.stringify(stored.metadata);
  if (own !== undefined && own !== String(stored.version)) return false;
  return plain(candidate.metadata) === plain(stored.metadata);
}

function plain(metadata: Metadata | undefined): string {
  return JSON.stringify(withoutStatedVersion(metadata));
}
