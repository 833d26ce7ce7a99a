import { readMode, type Mode } from "../records/mode.ts";
import { contextOf, contextPrefix, isWholeContext } from "../records/qualified-subject.ts";
import { setMembers, type SubjectConfig } from "../records/subject-config.ts";
import { RegistryError } from "../registry-error.ts";
import { idsEntry, subjectNotFound, tombstones } from "./delete-schemas.ts";
import { notPermitted, type Registry } from "./registry.ts";

/** Undefined: the whole. */
type Scope = string | undefined;

/** Changes the members that are named, and leaves the rest. Gives the settings as they are now. */
export async function changeConfig(
  registry: Registry,
  subject: Scope,
  change: SubjectConfig,
): Promise<SubjectConfig> {
  registry.checkWritable(subject);
  await registry.log.readToEnd();
  const config = setMembers({ ...registry.state.configs.own(subject), ...change });
  const named = subject === undefined ? {} : { subject };
  await registry.log.append([{ key: { kind: "CONFIG", subject }, value: { ...named, ...config } }]);
  return config;
}

/** Gives the settings that were. @throws RegistryError `SUBJECT_NOT_FOUND` */
export async function deleteConfig(registry: Registry, subject: Scope): Promise<SubjectConfig> {
  await registry.log.readToEnd();
  const before = registry.ownConfig(subject);
  if (before === undefined) throw subjectNotFound(subject ?? "");
  registry.checkWritable(subject);
  await registry.log.append([{ key: { kind: "CONFIG", subject }, value: null }]);
  return before;
}

/** @throws RegistryError `INVALID_MODE`, `OPERATION_NOT_PERMITTED`, `REFERENCE_EXISTS` */
export async function changeMode(
  registry: Registry,
  subject: Scope,
  { mode: text, force }: { readonly mode: string | undefined; readonly force: boolean },
): Promise<Mode> {
  const mode = readMode(text);
  checkMutable(registry, subject);
  await registry.log.readToEnd();
  const isToImport = mode === "IMPORT" && registry.modeInScope(subject) !== "IMPORT" && !force;
  if (isToImport) await clearForImport(registry, subject);
  const named = subject === undefined ? {} : { subject };
  await registry.log.append([{ key: { kind: "MODE", subject }, value: { ...named, mode } }]);
  return mode;
}

/** IMPORT begins with nothing: what is soft-deleted goes for good. */
async function clearForImport(registry: Registry, subject: Scope): Promise<void> {
  const { state } = registry;
  if (state.hasSubjects(subject, { deleted: false }))
    throw notPermitted(subject, "has schemas: IMPORT wants none, unless force=true");
  const gone = state.subjectsWithin(subject).flatMap((name) => state.versions(name));
  const held = gone.find(({ subject, version }) => state.referrers(subject, version).length > 0);
  if (held !== undefined)
    throw new RegistryError(
      "REFERENCE_EXISTS",
      `version ${held.version} of subject ${JSON.stringify(held.subject)} is referred to`,
    );
  const named = subject === undefined ? {} : { subject };
  await registry.log.append([
    idsEntry(registry),
    ...tombstones(gone),
    { key: { kind: "CLEAR_SUBJECT", subject }, value: named },
  ]);
}

/** Gives the mode that was; `recursive`: of all subjects of a context too. @throws RegistryError `SUBJECT_NOT_FOUND`, `OPERATION_NOT_PERMITTED` */
export async function deleteMode(
  registry: Registry,
  subject: Scope,
  { recursive }: { readonly recursive: boolean },
): Promise<Mode | undefined> {
  await registry.log.readToEnd();
  const before = registry.ownMode(subject);
  if (before === undefined && !recursive) throw subjectNotFound(subject ?? "");
  checkMutable(registry, subject);
  const within = recursive && isWholeContext(subject) ? subjectsWithMode(registry, subject) : [];
  await registry.log.append(
    [subject, ...within].map((name) => ({ key: { kind: "MODE", subject: name }, value: null })),
  );
  return before;
}

function subjectsWithMode({ state }: Registry, scope: Scope): readonly string[] {
  const context = contextOf(scope ?? "");
  return state.modes
    .subjects(contextPrefix(context))
    .filter((name) => contextOf(name) === context && name !== scope);
}

function checkMutable({ settings }: Registry, subject: Scope): void {
  if (!settings.isModeMutable) throw notPermitted(subject, "cannot change its mode here");
}

/** @throws RegistryError `CONTEXT_NOT_EMPTY` */
export async function deleteContext(registry: Registry, context: string): Promise<void> {
  await registry.log.readToEnd();
  if (registry.state.hasSubjects(contextPrefix(context), { deleted: true }))
    throw new RegistryError(
      "CONTEXT_NOT_EMPTY",
      `context ${context} has subjects, soft-deleted ones among them; delete them for good first`,
    );
  await registry.log.append([{ key: { kind: "CONTEXT", context }, value: null }]);
}
