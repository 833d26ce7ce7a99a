import { contextOf } from "../records/qualified-subject.ts";
import { schemaValue, type StoredSchema } from "../records/stored-schema.ts";
import { integerMax } from "../records/topic-keys.ts";
import { RegistryError } from "../registry-error.ts";
import type { TopicEntry } from "../topic/schemas-topic.ts";
import { incompatibilities } from "./check-candidate.ts";
import {
  candidateOf,
  isSame,
  lookUpExactly,
  versionWith,
  withInherited,
  type Candidate,
} from "./look-up.ts";
import { notPermitted, type Registry } from "./registry.ts";
import { isEmptySchema, type SchemaRequest } from "./schema-request.ts";

/** Ids that are taken by another schema while one is written: another leader is about. */
const attemptsMax = 5;

export interface RegisterOptions {
  readonly normalize: boolean;
}

/**
 * The version that a registration would answer with and write nothing, so that every member of a group can give it, in
 * whatever mode.
 */
export function registered(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  { normalize }: RegisterOptions,
): StoredSchema | undefined {
  const { defaultMetadata, overrideMetadata, defaultRuleSet, overrideRuleSet } =
    registry.configInScope(subject);
  const isGiven = [defaultMetadata, overrideMetadata, defaultRuleSet, overrideRuleSet];
  if (isGiven.some((given) => given !== undefined)) return undefined;
  const found = lookUpExactly(registry, subject, request, { normalize, deleted: false });
  if (found === undefined) return undefined;
  const { id, version } = request;
  if (version === undefined || version === -1)
    return id === undefined || id === found.id ? found : undefined;
  if (id !== found.id) return undefined;
  if (version === found.version) return found;
  // The same schema may have been imported under several versions.
  const other = registry.state.version(subject, version);
  return other?.isDeleted === false && other.guid === found.guid ? other : undefined;
}

/**
 * Registers a schema, on the leader.
 *
 * @throws RegistryError `INCOMPATIBLE_SCHEMA`, `INVALID_SCHEMA`, `OPERATION_NOT_PERMITTED`, `SCHEMA_TOO_LARGE`,
 * `STORE_FAILED`, `STORE_TIMED_OUT`
 */
export async function register(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  options: RegisterOptions,
): Promise<StoredSchema> {
  await registry.log.readToEnd();
  for (let attempt = 1; ; attempt++) {
    checkMode(registry, subject, request);
    const plan = planOf(registry, subject, request, options);
    if (plan.found !== undefined) return plan.found;
    const { stored } = plan;
    await registry.log.append(plan.entries);
    // It has come back by the topic. Where it was refused, another one was faster with the id or the version.
    const written = registry.state.version(subject, stored.version);
    if (written !== undefined && written.guid === stored.guid && written.id === stored.id)
      return written;
    if (attempt === attemptsMax)
      throw new RegistryError(
        "STORE_FAILED",
        `the schema could not be given an id of its own in ${attemptsMax} attempts`,
      );
  }
}

function checkMode(registry: Registry, subject: string, { id }: SchemaRequest): void {
  registry.checkWritable(subject);
  const mode = registry.modeInScope(subject);
  if (id !== undefined && mode !== "IMPORT")
    throw notPermitted(
      subject,
      "is not in IMPORT mode: an id is given to a schema, not taken from it",
    );
  if (id === undefined && mode !== "READWRITE")
    throw notPermitted(subject, `is in ${mode} mode: give the schema's id`);
}

type Plan =
  | { readonly found: StoredSchema }
  | {
      readonly found: undefined;
      readonly stored: StoredSchema;
      readonly entries: readonly TopicEntry[];
    };

function planOf(
  registry: Registry,
  subject: string,
  request: SchemaRequest,
  { normalize }: RegisterOptions,
): Plan {
  const { state } = registry;
  const versions = state.versions(subject);
  const live = versions.filter(({ isDeleted }) => !isDeleted);
  const nextVersion = (versions.at(-1)?.version ?? 0) + 1;
  const config = registry.configInScope(subject);
  const isImport = registry.modeInScope(subject) === "IMPORT";
  const full = isImport
    ? request
    : withInherited(withText(request, live.at(-1)), config, live.at(-1), nextVersion);
  const isNew = request.id === undefined;
  const candidate = candidateOf(registry, subject, full, { normalize, isNew });
  const known = knownId(registry, candidate, request);
  if (known.found !== undefined) return { found: known.found };
  if (request.version === undefined) {
    const same = live.findLast(
      (stored) =>
        (known.id === undefined || known.id === stored.id) && isSame(registry, candidate, stored),
    );
    if (same !== undefined) return { found: same };
  }
  if (!isImport) {
    const reasons = incompatibilities(registry, candidate, live, config);
    if (reasons.length > 0) throw incompatible(subject, reasons);
  }
  const version = versionOf(request, nextVersion, isImport);
  if (known.id !== undefined) checkId(registry, candidate, known.id);
  const id = known.id ?? nextId(registry, subject);
  const { schemaType, schema, references, metadata, ruleSet, guid } = candidate;
  const content = { schemaType, schema, references, metadata, ruleSet };
  const stored = { subject, version, id, ...content, isDeleted: false, guid, timestampMs: 0 };
  return { found: undefined, stored, entries: entriesOf(registry, stored, versions) };
}

/** Without a text the latest version's is meant: new metadata, or new rules. */
function withText(request: SchemaRequest, previous: StoredSchema | undefined): SchemaRequest {
  if (!isEmptySchema(request) || previous === undefined) return request;
  const { schema, schemaType, references } = previous;
  return { ...request, schema, schemaType, references };
}

/** The same schema has one id in all subjects of a context. */
function knownId(
  registry: Registry,
  candidate: Candidate,
  { id, version }: SchemaRequest,
): { readonly id?: number; readonly found?: StoredSchema } {
  const context = contextOf(candidate.subject);
  const known = registry.state.context(context).idOf(candidate.guid);
  if (known === undefined || (id !== undefined && id !== known)) return { id };
  const same = versionWith(registry, candidate);
  const isThere = version === undefined && same !== undefined && !same.isDeleted;
  return isThere ? { id: known, found: same } : { id: known };
}

function versionOf(
  { version = -1 }: SchemaRequest,
  nextVersion: number,
  isImport: boolean,
): number {
  if (version <= 0 && nextVersion > integerMax)
    throw new RegistryError("STORE_FAILED", "all versions of the subject are given", {
      retriable: false,
    });
  if (version <= 0) return nextVersion;
  if (version === nextVersion || isImport) return version;
  throw new RegistryError(
    "INVALID_SCHEMA",
    `version ${version} is not one more than the one before; the next is ${nextVersion}`,
  );
}

/** @throws RegistryError `OPERATION_NOT_PERMITTED`: the id is another schema's */
function checkId({ state }: Registry, candidate: Candidate, id: number): void {
  const context = contextOf(candidate.subject);
  const holder = state.byId(context, id);
  if (holder === undefined || holder.guid === candidate.guid) return;
  throw notPermitted(
    candidate.subject,
    `cannot have id ${id}: another schema of its context has it`,
  );
}

function nextId({ state }: Registry, subject: string): number {
  const id = state.context(contextOf(subject)).idMax + 1;
  if (id <= integerMax) return id;
  throw new RegistryError("STORE_FAILED", "all ids of the context are given", { retriable: false });
}

function entriesOf(
  { state }: Registry,
  stored: StoredSchema,
  versions: readonly StoredSchema[],
): readonly TopicEntry[] {
  const { subject, version, id } = stored;
  const context = contextOf(subject);
  const named: readonly TopicEntry[] = state.hasContext(context)
    ? []
    : [{ key: { kind: "CONTEXT", context }, value: { tenant: "default", context } }];
  // A soft-deleted version of the same schema makes room for the new one, unless something refers to it.
  const dropped = versions.filter(
    (old) =>
      old.isDeleted &&
      old.id === id &&
      old.version < version &&
      state.referrers(subject, old.version).length === 0,
  );
  return [
    ...named,
    ...dropped.map((old) => ({
      key: { kind: "SCHEMA" as const, subject, version: old.version },
      value: null,
    })),
    { key: { kind: "SCHEMA", subject, version }, value: schemaValue(stored) },
  ];
}

function incompatible(subject: string, reasons: readonly string[]): RegistryError {
  return new RegistryError(
    "INCOMPATIBLE_SCHEMA",
    `the schema is incompatible with an earlier one of subject ${JSON.stringify(subject)}; details: [${reasons.join(", ")}]`,
  );
}
