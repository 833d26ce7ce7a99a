import {
  anyContext,
  contextName,
  contextPrefix,
  subjectBeside,
} from "../records/qualified-subject.ts";
import { RegistryError } from "../registry-error.ts";
import type { RegistryState } from "../state/registry-state.ts";

/** A request's path, decoded segment by segment, and its query. */
export interface RequestPlace {
  readonly segments: readonly string[];
  readonly parameters: URLSearchParams;
}

/** `/contexts/{c}/…` as the same path with the context in its subject; then aliases as what they stand for. */
export function rewrittenPlace(place: RequestPlace, state: RegistryState): RequestPlace {
  return withoutAlias(withinContext(place), state);
}

function withinContext({ segments, parameters }: RequestPlace): RequestPlace {
  const [first, given, ...rest] = segments;
  if (first !== "contexts" || given === undefined || rest.length === 0)
    return { segments, parameters };
  const context = contextName(given);
  if (context === undefined)
    throw new RegistryError("BAD_REQUEST", `${JSON.stringify(given)} is no name of a context`);
  const prefix = contextPrefix(context);
  const changed = new URLSearchParams(parameters);
  const [family, kind] = rest;
  if (family === "schemas" && kind === "ids")
    changed.set("subject", qualified(prefix, parameters.get("subject") ?? ""));
  else if ((family === "schemas" || family === "subjects") && rest.length === 1)
    changed.set("subjectPrefix", qualified(prefix, parameters.get("subjectPrefix") ?? ""));
  const isSetting = family === "config" || family === "mode";
  if (isSetting && kind === undefined)
    return { segments: prefix === "" ? rest : [family, prefix], parameters: changed };
  const at = isSetting ? 1 : rest.indexOf("subjects") + 1;
  const within = rest.map((part, index) =>
    index === at && at > 0 ? qualified(prefix, part) : part,
  );
  return { segments: within, parameters: changed };
}

function qualified(prefix: string, subject: string): string {
  return subject.startsWith(":.") || subject.startsWith(anyContext) ? subject : prefix + subject;
}

function withoutAlias({ segments, parameters }: RequestPlace, state: RegistryState): RequestPlace {
  const at = segments.indexOf("subjects") + 1;
  const replaced = segments.map((part, index) =>
    at > 0 && index === at ? targetOf(state, part) : part,
  );
  const hint = parameters.get("subject") ?? "";
  if (segments[0] !== "schemas" || segments[1] !== "ids" || hint === "")
    return { segments: replaced, parameters };
  const changed = new URLSearchParams(parameters);
  changed.set("subject", targetOf(state, hint));
  return { segments: replaced, parameters: changed };
}

function targetOf(state: RegistryState, subject: string): string {
  const alias = state.configs.own(subject)?.alias;
  return alias === undefined || alias === "" ? subject : subjectBeside(subject, alias);
}
