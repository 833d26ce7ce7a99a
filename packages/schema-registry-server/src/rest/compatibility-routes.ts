import { SchemaError } from "@millrace/schema-registry";

import type { StoredSchema } from "../records/stored-schema.ts";
import { RegistryError } from "../registry-error.ts";
import { incompatibilities } from "../registry/check-candidate.ts";
import { versionNotFound } from "../registry/delete-schemas.ts";
import { candidateOf } from "../registry/look-up.ts";
import { readVersion } from "./read-version.ts";
import type { RegistryRequest, Route, RouteAnswer } from "./route.ts";
import { isNormal, schemaRequest, subjectOf } from "./subject-routes.ts";

/** `/compatibility`: whether a schema may follow one version, or as many as the level asks for. */
export const compatibilityRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/compatibility/subjects/{subject}/versions/{version}",
    handle: (request) => {
      const { state } = request.registry;
      const subject = subjectOf(request);
      const version = readVersion(request.path["version"]);
      const found = version === -1 ? state.latest(subject) : state.version(subject, version);
      const isThere = found !== undefined && !found.isDeleted;
      if (!isThere && version !== -1) throw versionNotFound(subject, version);
      return check(request, isThere ? [found] : []);
    },
  },
  {
    method: "POST",
    path: "/compatibility/subjects/{subject}/versions",
    handle: (request) => {
      const all = request.registry.state.versions(subjectOf(request));
      return check(
        request,
        all.filter(({ isDeleted }) => !isDeleted),
      );
    },
  },
];

async function check(
  request: RegistryRequest,
  previous: readonly StoredSchema[],
): Promise<RouteAnswer> {
  const { registry, query } = request;
  const subject = subjectOf(request);
  const wanted = await schemaRequest(request);
  const isVerbose = query.flag("verbose");
  try {
    const normalize = isNormal(registry, subject, query);
    const candidate = candidateOf(registry, subject, wanted, { normalize, isNew: true });
    const config = registry.configInScope(subject);
    return answer(incompatibilities(registry, candidate, previous, config), isVerbose);
  } catch (error) {
    const isInvalid =
      error instanceof SchemaError ||
      (error instanceof RegistryError && error.code === "INVALID_SCHEMA");
    if (isInvalid && isVerbose) return answer([error.message], isVerbose);
    throw error;
  }
}

function answer(messages: readonly string[], isVerbose: boolean): RouteAnswer {
  const verdict = { is_compatible: messages.length === 0 };
  return { json: isVerbose ? { ...verdict, messages } : verdict };
}
