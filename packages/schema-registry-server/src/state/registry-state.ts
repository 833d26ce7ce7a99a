import type { Mode } from "../records/mode.ts";
import {
  anyContext,
  contextOf,
  defaultContext,
  globalContext,
  parseSubject,
  subjectBeside,
} from "../records/qualified-subject.ts";
import type { StoredSchema } from "../records/stored-schema.ts";
import type { SubjectConfig } from "../records/subject-config.ts";
import { ContextState } from "./context-state.ts";
import { SettingScopes } from "./setting-scopes.ts";

/** All that a registry knows: the fold of its topic, see `apply-record.ts`. Answers are copies or frozen. */
export class RegistryState {
  readonly configs = new SettingScopes<SubjectConfig>();
  readonly modes = new SettingScopes<Mode>();
  /** Contexts that were written down, without the default one. */
  readonly #named = new Set<string>();
  readonly #contexts = new Map<string, ContextState>();
  /** By subject, then by version. */
  readonly #subjects = new Map<string, Map<number, StoredSchema>>();
  /** Versions that refer to a version. */
  readonly #referrers = new Map<string, Map<string, ReferrerKey>>();

  put(stored: StoredSchema): void {
    const versions = this.#subjects.get(stored.subject) ?? new Map<number, StoredSchema>();
    const before = versions.get(stored.version);
    // Soft-deleted now, or overwritten under IMPORT.
    if (before !== undefined) this.#forget(before);
    this.#subjects.set(stored.subject, versions.set(stored.version, stored));
    this.context(contextOf(stored.subject)).add(stored);
    for (const target of targetsOf(stored)) {
      const referrers = this.#referrers.get(target) ?? new Map<string, ReferrerKey>();
      const { subject, version } = stored;
      this.#referrers.set(
        target,
        referrers.set(targetName(subject, version), { subject, version }),
      );
    }
  }

  remove(subject: string, version: number): void {
    const versions = this.#subjects.get(subject);
    const before = versions?.get(version);
    if (versions === undefined || before === undefined) return;
    versions.delete(version);
    if (versions.size === 0) this.#subjects.delete(subject);
    this.#forget(before);
  }

  #forget(stored: StoredSchema): void {
    this.context(contextOf(stored.subject)).remove(stored);
    for (const target of targetsOf(stored)) {
      const referrers = this.#referrers.get(target);
      referrers?.delete(targetName(stored.subject, stored.version));
      if (referrers?.size === 0) this.#referrers.delete(target);
    }
  }

  nameContext(context: string): void {
    this.#named.add(context);
  }

  forgetContext(context: string): void {
    this.#named.delete(context);
  }

  hasContext(context: string): boolean {
    return context === defaultContext || this.#named.has(context);
  }

  /** The default one first, then by name. */
  contexts(): readonly string[] {
    return [defaultContext, ...[...this.#named].sort()];
  }

  /** The numbers of a context, made if it is met for the first time. */
  context(name: string): ContextState {
    const known = this.#contexts.get(name) ?? new ContextState();
    this.#contexts.set(name, known);
    return known;
  }

  /** The highest ids of all contexts that have given any. */
  idsMax(): Readonly<Record<string, number>> {
    const given = [...this.#contexts].filter(([, { idMax }]) => idMax > 0);
    return Object.fromEntries(given.map(([name, { idMax }]) => [name, idMax]));
  }

  version(subject: string, version: number): StoredSchema | undefined {
    return this.#subjects.get(subject)?.get(version);
  }

  /** Ascending, deleted ones among them. */
  versions(subject: string): readonly StoredSchema[] {
    const versions = [...(this.#subjects.get(subject)?.values() ?? [])];
    return versions.sort((left, right) => left.version - right.version);
  }

  latest(subject: string): StoredSchema | undefined {
    return this.versions(subject).findLast(({ isDeleted }) => !isDeleted);
  }

  /** Names of a context that begin so, sorted; `:*:` before the rest of a name: in all contexts. Deleted ones among them. */
  subjects(prefix: string): readonly string[] {
    const wanted = parseSubject(prefix);
    const isWanted = (name: string): boolean => {
      const { context, subject } = parseSubject(name);
      const isContext = wanted.context === "*" || wanted.context === context;
      return isContext && subject.startsWith(wanted.subject);
    };
    return [...this.#subjects.keys()].filter(isWanted).sort();
  }

  /** Of one subject, or of a whole context: `:.blue:`; `""` is the default one, undefined all of them. */
  subjectsWithin(scope: string | undefined): readonly string[] {
    if (scope === undefined) return this.subjects(anyContext);
    const { context, subject } = parseSubject(scope);
    if (subject !== "") return this.#subjects.has(scope) ? [scope] : [];
    const all = this.subjects(anyContext);
    return context === globalContext ? all : all.filter((name) => contextOf(name) === context);
  }

  hasSubjects(scope: string | undefined, { deleted }: { readonly deleted: boolean }): boolean {
    return this.subjectsWithin(scope).some(
      (name) => deleted || this.versions(name).some(({ isDeleted }) => !isDeleted),
    );
  }

  /** Versions that refer to a version, soft-deleted ones among them. */
  referrers(subject: string, version: number): readonly StoredSchema[] {
    const keys = [...(this.#referrers.get(targetName(subject, version))?.values() ?? [])];
    return keys.flatMap((key) => this.version(key.subject, key.version) ?? []);
  }

  /** The schema of an id; with a subject that has it, in that version. */
  byId(context: string, id: number, subject?: string): StoredSchema | undefined {
    const versions = this.context(context).versionsOf(id);
    const [name, version] =
      subject === undefined
        ? (versions.entries().next().value ?? [])
        : [subject, versions.get(subject)];
    return name === undefined || version === undefined ? undefined : this.version(name, version);
  }
}

interface ReferrerKey {
  readonly subject: string;
  readonly version: number;
}

function targetsOf({ subject, references }: StoredSchema): readonly string[] {
  return references.map((reference) =>
    targetName(subjectBeside(subject, reference.subject), reference.version),
  );
}

function targetName(subject: string, version: number): string {
  return `${version} ${subject}`;
}
