import {
  contextOf,
  contextPrefix,
  defaultContext,
  parseSubject,
  subjectBeside,
  subjectText,
} from "../records/qualified-subject.ts";
import { normalGuid } from "../records/guid.ts";
import { hasRuleOfType } from "../records/rule-set.ts";
import type { StoredSchema } from "../records/stored-schema.ts";
import { RegistryError } from "../registry-error.ts";
import type { Registry } from "../registry/registry.ts";
import type { Query, Route } from "./route.ts";
import { schemaAnswer, textIn } from "./schema-answer.ts";

const schemasMax = 1000;

/** `/schemas`: by id, by GUID, and all of them. */
export const schemaRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/schemas/types",
    handle: ({ registry }) => ({ json: registry.parser.schemaTypes }),
  },
  {
    method: "GET",
    path: "/schemas",
    handle: ({ registry, query }) => {
      const page = query.page(listed(registry, query), schemasMax);
      return { json: page.map((one) => listedAnswer(registry, one, query)) };
    },
  },
  {
    method: "GET",
    path: "/schemas/ids/{id:int}",
    handle: ({ registry, path, query }) => {
      const stored = schemaOfId(registry, Number(path["id"]), query);
      const { id: _, ...answer } = schemaAnswer(registry, stored, query);
      const { idMax } = registry.state.context(contextOf(stored.subject));
      return { json: query.flag("fetchMaxId") ? { ...answer, maxId: idMax } : answer };
    },
  },
  {
    method: "GET",
    path: "/schemas/ids/{id:int}/schema",
    handle: ({ registry, path, query }) => {
      const stored = schemaOfId(registry, Number(path["id"]), query);
      return { text: textIn(registry, stored, query) };
    },
  },
  {
    method: "GET",
    path: "/schemas/ids/{id:int}/subjects",
    handle: ({ registry, path, query }) => {
      const versions = versionsOfId(registry, Number(path["id"]), query);
      return { json: query.page(versions.map(({ subject }) => subject)) };
    },
  },
  {
    method: "GET",
    path: "/schemas/ids/{id:int}/versions",
    handle: ({ registry, path, query }) => {
      const versions = versionsOfId(registry, Number(path["id"]), query);
      return { json: query.page(versions.map(({ subject, version }) => ({ subject, version }))) };
    },
  },
  {
    method: "GET",
    path: "/schemas/guids/{guid}",
    handle: ({ registry, path, query }) => {
      const stored = idsOfGuid(registry, path["guid"])
        .map(({ context, id }) => registry.state.byId(context, id))
        .find((one) => one !== undefined);
      if (stored === undefined) throw schemaNotFound(`GUID ${path["guid"]}`);
      // Where it is registered, and under which number, differs from registry to registry.
      const answer = Object.entries(schemaAnswer(registry, stored, query));
      const named = answer.filter(([name]) => !["id", "subject", "version"].includes(name));
      return { json: Object.fromEntries(named) };
    },
  },
  {
    method: "GET",
    path: "/schemas/guids/{guid}/ids",
    handle: ({ registry, path }) => ({ json: idsOfGuid(registry, path["guid"]) }),
  },
];

/** With the subjects that stand for its own by an alias. */
interface ListedSchema {
  readonly stored: StoredSchema;
  readonly aliases: readonly string[];
}

function listed(registry: Registry, query: Query): readonly ListedSchema[] {
  const { state } = registry;
  const prefix = query.text("subjectPrefix") ?? "";
  const aliases = query.flag("aliases") ? aliasesOf(registry, prefix) : new Map();
  const names = new Set([...state.subjects(prefix), ...aliases.keys()]);
  const ruleType = query.text("ruleType") ?? "";
  return [...names].sort().flatMap((subject) => {
    const versions = state
      .versions(subject)
      .filter(({ isDeleted }) => query.flag("deleted") || !isDeleted);
    const wanted = query.flag("latestOnly") ? versions.slice(-1) : versions;
    return wanted
      .filter(({ ruleSet }) => ruleType === "" || hasRuleOfType(ruleSet, ruleType))
      .map((stored) => ({ stored, aliases: aliases.get(subject) ?? [] }));
  });
}

function listedAnswer(
  registry: Registry,
  { stored, aliases }: ListedSchema,
  query: Query,
): unknown {
  const answer = schemaAnswer(registry, stored, query);
  return aliases.length === 0 ? answer : { ...answer, aliases };
}

/** Aliases by the subject that they stand for. */
function aliasesOf({ state }: Registry, prefix: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const { context, subject } = parseSubject(prefix);
  const names =
    context === "*"
      ? state.configs.subjects("").filter((name) => parseSubject(name).subject.startsWith(subject))
      : state.configs.subjects(prefix);
  for (const name of names) {
    const alias = state.configs.own(name)?.alias;
    if (alias === undefined || alias === "") continue;
    const target = subjectBeside(name, alias);
    found.set(target, [...(found.get(target) ?? []), name]);
  }
  return found;
}

/**
 * The hint `subject` names the context, and the version where one has several; an unqualified one is looked for in
 * all contexts, the default one first.
 */
function schemaOfId({ state }: Registry, id: number, query: Query): StoredSchema {
  const { context, subject } = parseSubject(query.text("subject") ?? "");
  const name = subjectText({ context, subject });
  const found = state.byId(context, id, subject === "" ? undefined : name);
  if (found !== undefined) return found;
  if (subject !== "" && context === defaultContext) {
    for (const other of state.contexts().slice(1)) {
      const beside = state.byId(other, id, contextPrefix(other) + subject);
      if (beside !== undefined) return beside;
    }
    const any = state.byId(context, id);
    if (any !== undefined) return any;
  }
  throw schemaNotFound(`id ${id}`);
}

/** One version of each subject that has the schema. */
function versionsOfId(registry: Registry, id: number, query: Query): readonly StoredSchema[] {
  const { state } = registry;
  const { subject } = schemaOfId(registry, id, query);
  const versions = [...state.context(contextOf(subject)).versionsOf(id)];
  return versions
    .flatMap(([name, version]) => state.version(name, version) ?? [])
    .filter(({ isDeleted }) => query.flag("deleted") || !isDeleted);
}

function idsOfGuid(
  { state }: Registry,
  text: string,
): readonly { readonly context: string; readonly id: number }[] {
  const guid = normalGuid(text);
  if (guid === undefined) return [];
  return state.contexts().flatMap((context) => {
    const id = state.context(context).idOf(guid);
    return id === undefined ? [] : [{ context, id }];
  });
}

function schemaNotFound(what: string): RegistryError {
  return new RegistryError("SCHEMA_NOT_FOUND", `there is no schema with ${what}`);
}
