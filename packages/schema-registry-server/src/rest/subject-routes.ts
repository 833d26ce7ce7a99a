import { hasProperties } from "../records/metadata.ts";
import { checkRuleSet } from "../records/rule-set.ts";
import {
  anyContext,
  contextPrefix,
  defaultContext,
  isValidSubject,
  normalSubject,
  parseSubject,
} from "../records/qualified-subject.ts";
import type { StoredSchema } from "../records/stored-schema.ts";
import { RegistryError } from "../registry-error.ts";
import {
  deleteSubject,
  deleteVersion,
  subjectNotFound,
  versionNotFound,
} from "../registry/delete-schemas.ts";
import { lookUp } from "../registry/look-up.ts";
import { register, registered } from "../registry/register.ts";
import type { Registry } from "../registry/registry.ts";
import { readSchemaRequest, type SchemaRequest } from "../registry/schema-request.ts";
import type { Query, RegistryRequest, Route } from "./route.ts";
import { registeredAnswer, schemaAnswer, textIn } from "./schema-answer.ts";
import { readVersion } from "./read-version.ts";

/** `/subjects`: their versions, registering, looking up, deleting. */
export const subjectRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/subjects",
    handle: ({ registry, query }) => {
      const names = registry.state.subjects(query.text("subjectPrefix") ?? anyContext);
      const wanted = names.filter((name) => {
        const isDeleted = registry.state.latest(name) === undefined;
        if (query.flag("deletedOnly")) return isDeleted;
        return query.flag("deleted") || !isDeleted;
      });
      return { json: query.page(wanted) };
    },
  },
  {
    method: "POST",
    path: "/subjects/{subject}",
    handle: async (request) => {
      const { registry, query } = request;
      const subject = subjectOf(request);
      const deleted = query.flag("deleted");
      const options = { normalize: isNormal(registry, subject, query), deleted };
      const wanted = await schemaRequest(request);
      const found = lookUp(registry, subject, wanted, options);
      if (found !== undefined) return { json: schemaAnswer(registry, found, query) };
      throw missing(registry, subject, deleted);
    },
  },
  {
    method: "DELETE",
    path: "/subjects/{subject}",
    changes: true,
    handle: async (request) => {
      const permanent = request.query.flag("permanent");
      return { json: await deleteSubject(request.registry, subjectOf(request), { permanent }) };
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/metadata",
    handle: (request) => {
      const { registry, query } = request;
      const subject = subjectOf(request);
      const deleted = query.flag("deleted");
      const values = query.all("value");
      const pairs = query.all("key").slice(0, values.length);
      const wanted = new Map(pairs.map((key, index) => [key, values[index]]));
      const found = registry.state
        .versions(subject)
        .findLast(
          ({ metadata, isDeleted }) => (deleted || !isDeleted) && hasProperties(metadata, wanted),
        );
      if (found === undefined) throw missing(registry, subject, deleted);
      return { json: schemaAnswer(registry, found, query) };
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions",
    handle: (request) => {
      const { registry, query } = request;
      const subject = subjectOf(request);
      const isDeletedOnly = query.flag("deletedOnly");
      const deleted = query.flag("deleted") || isDeletedOnly;
      if (!registry.state.hasSubjects(subject, { deleted })) throw subjectNotFound(subject);
      const all = registry.state.versions(subject);
      return { json: query.page(versionNumbers(all, query)) };
    },
  },
  {
    method: "POST",
    path: "/subjects/{subject}/versions",
    changes: true,
    async unchanged(request) {
      const { registry, query } = request;
      const subject = validSubject(request);
      const wanted = await schemaRequest(request);
      const normalize = isNormal(registry, subject, query);
      const found = registered(registry, subject, wanted, { normalize });
      return found === undefined ? undefined : { json: registeredAnswer(registry, found, query) };
    },
    async handle(request) {
      const { registry, query } = request;
      const subject = validSubject(request);
      const wanted = await schemaRequest(request);
      const normalize = isNormal(registry, subject, query);
      const stored = await register(registry, subject, wanted, { normalize });
      return { json: registeredAnswer(registry, stored, query) };
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}",
    handle: (request) => {
      const { registry, query } = request;
      return { json: schemaAnswer(registry, versionOf(request), query) };
    },
  },
  {
    method: "DELETE",
    path: "/subjects/{subject}/versions/{version}",
    changes: true,
    handle: async (request) => {
      const version = readVersion(request.path["version"]);
      const permanent = request.query.flag("permanent");
      const subject = subjectOf(request);
      return { json: await deleteVersion(request.registry, subject, version, { permanent }) };
    },
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}/schema",
    handle: (request) => ({
      text: textIn(request.registry, versionOf(request), request.query),
    }),
  },
  {
    method: "GET",
    path: "/subjects/{subject}/versions/{version}/referencedby",
    handle: (request) => {
      const { registry, query } = request;
      const { subject, version } = versionOf(request, { deleted: true });
      const referrers = registry.state
        .referrers(subject, version)
        .filter(({ isDeleted }) => query.flag("deleted") || !isDeleted);
      const ids = [...new Set(referrers.map(({ id }) => id))].sort((left, right) => left - right);
      return { json: query.page(ids) };
    },
  },
];

function versionNumbers(all: readonly StoredSchema[], query: Query): readonly number[] {
  if (query.flag("deletedAsNegative"))
    return all.map(({ version, isDeleted }) => (isDeleted ? -version : version));
  const isDeletedOnly = query.flag("deletedOnly");
  return all
    .filter(({ isDeleted }) => (isDeletedOnly ? isDeleted : query.flag("deleted") || !isDeleted))
    .map(({ version }) => version);
}

export function subjectOf({ path }: RegistryRequest): string {
  return normalSubject(path["subject"]);
}

/** @throws RegistryError `INVALID_SUBJECT` */
function validSubject(request: RegistryRequest): string {
  const { subject } = request.path;
  if (isValidSubject(subject)) return subjectOf(request);
  throw invalidSubject(subject);
}

export function invalidSubject(subject: string): RegistryError {
  return new RegistryError(
    "INVALID_SUBJECT",
    `${JSON.stringify(subject)} cannot be a subject: the name is reserved, or has control characters`,
  );
}

/** @throws RegistryError `BAD_REQUEST`, `INVALID_RULE_SET`, `EMPTY_BODY` */
export async function schemaRequest(request: RegistryRequest): Promise<SchemaRequest> {
  const read = readSchemaRequest(await request.body());
  const { ruleSet, ...rest } = read;
  if (!request.registry.settings.keepsRuleSets) return rest;
  if (ruleSet !== undefined) checkRuleSet(ruleSet);
  return read;
}

export function isNormal(registry: Registry, subject: string, query: Query): boolean {
  return query.flag("normalize") || registry.configInScope(subject).normalize === true;
}

/** An unqualified subject that the default context does not have is looked for in the others. */
function versionOf(
  { registry, path, query }: RegistryRequest,
  { deleted = query.flag("deleted") } = {},
): StoredSchema {
  const { state } = registry;
  const subject = normalSubject(path["subject"]);
  const version = readVersion(path["version"]);
  const find = (name: string): StoredSchema | undefined => {
    const stored = version === -1 ? state.latest(name) : state.version(name, version);
    return stored?.isDeleted === true && !deleted ? undefined : stored;
  };
  const own = find(subject);
  if (own !== undefined) return own;
  const { context, subject: name } = parseSubject(subject);
  const others = context === defaultContext ? state.contexts().slice(1) : [];
  for (const other of others) {
    const found = find(contextPrefix(other) + name);
    if (found !== undefined) return found;
  }
  if (!state.hasSubjects(subject, { deleted })) throw subjectNotFound(subject);
  throw versionNotFound(subject, version);
}

function missing({ state }: Registry, subject: string, deleted: boolean): RegistryError {
  if (!state.hasSubjects(subject, { deleted })) return subjectNotFound(subject);
  return new RegistryError(
    "SCHEMA_NOT_FOUND",
    `subject ${JSON.stringify(subject)} has no such schema`,
  );
}
