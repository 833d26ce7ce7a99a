import {
  contextName,
  isDefaultContext,
  isValidSubject,
  normalSubject,
} from "../records/qualified-subject.ts";
import { textMember } from "../records/json-members.ts";
import { configAnswer, readConfig, setMembers } from "../records/subject-config.ts";
import { RegistryError } from "../registry-error.ts";
import {
  changeConfig,
  changeMode,
  deleteConfig,
  deleteContext,
  deleteMode,
} from "../registry/change-settings.ts";
import type { RegistryRequest, Route } from "./route.ts";
import { invalidSubject } from "./subject-routes.ts";

/** `/config`, `/mode` and `/contexts`. */
export const settingsRoutes: readonly Route[] = [
  ...["/config", "/config/{subject}"].flatMap(configRoutes),
  ...["/mode", "/mode/{subject}"].flatMap(modeRoutes),
  {
    method: "GET",
    path: "/contexts",
    handle: ({ registry, query }) => {
      const prefix = query.text("contextPrefix") ?? "";
      const wanted = registry.state.contexts().filter((name) => name.startsWith(prefix));
      return { json: query.page(wanted) };
    },
  },
  {
    method: "DELETE",
    path: "/contexts/{context}",
    changes: true,
    handle: async ({ registry, path }) => {
      const name = contextName(path["context"]);
      if (name === undefined)
        throw new RegistryError(
          "BAD_REQUEST",
          `${JSON.stringify(path["context"])} is no name of a context: a colon stands in it`,
        );
      await deleteContext(registry, name);
      return { status: 204 };
    },
  },
];

function configRoutes(path: string): readonly Route[] {
  return [
    {
      method: "GET",
      path,
      handle: (request) => {
        const { registry, query } = request;
        const subject = scopeOf(request);
        const config = query.flag("defaultToGlobal")
          ? registry.configInScope(subject)
          : registry.ownConfig(subject);
        if (config === undefined)
          throw new RegistryError(
            "SUBJECT_WITHOUT_CONFIG",
            `subject ${JSON.stringify(subject)} has no settings of its own`,
          );
        return { json: setMembers(config) };
      },
    },
    {
      method: "PUT",
      path,
      changes: true,
      handle: async (request) => {
        const change = readConfig(await request.body());
        const subject = validScopeOf(request);
        return { json: configAnswer(await changeConfig(request.registry, subject, change)) };
      },
    },
    {
      method: "DELETE",
      path,
      changes: true,
      handle: async (request) => {
        const before = await deleteConfig(request.registry, scopeOf(request));
        return { json: setMembers(before) };
      },
    },
  ];
}

function modeRoutes(path: string): readonly Route[] {
  return [
    {
      method: "GET",
      path,
      handle: (request) => {
        const { registry, query } = request;
        const subject = scopeOf(request);
        const mode = query.flag("defaultToGlobal")
          ? registry.modeInScope(subject)
          : registry.ownMode(subject);
        if (mode === undefined)
          throw new RegistryError(
            "SUBJECT_WITHOUT_MODE",
            `subject ${JSON.stringify(subject)} has no mode of its own`,
          );
        return { json: { mode } };
      },
    },
    {
      method: "PUT",
      path,
      changes: true,
      handle: async (request) => {
        const mode = textMember(await request.body(), "mode");
        const subject = validScopeOf(request);
        const force = request.query.flag("force");
        await changeMode(request.registry, subject, { mode, force });
        return { json: { mode } };
      },
    },
    {
      method: "DELETE",
      path,
      changes: true,
      handle: async (request) => {
        const recursive = request.query.flag("recursive");
        const mode = await deleteMode(request.registry, scopeOf(request), { recursive });
        return { json: mode === undefined ? {} : { mode } };
      },
    },
  ];
}

/** The default context has the settings of the whole. */
function scopeOf({ path }: RegistryRequest): string | undefined {
  const { subject } = path;
  return subject === undefined || isDefaultContext(subject) ? undefined : normalSubject(subject);
}

function validScopeOf(request: RegistryRequest): string | undefined {
  const { subject } = request.path;
  if (subject !== undefined && !isValidSubject(subject, { forSettings: true }))
    throw invalidSubject(subject);
  return scopeOf(request);
}
