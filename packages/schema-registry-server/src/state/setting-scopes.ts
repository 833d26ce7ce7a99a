import {
  contextOf,
  contextPrefix,
  defaultContext,
  globalContext,
} from "../records/qualified-subject.ts";

/**
 * One kind of setting by subject; undefined: of the whole, which is the default context alone. A subject without one
 * of its own has its context's, then that of `:.__GLOBAL:`, which stands behind all contexts.
 */
export class SettingScopes<Setting> {
  readonly #settings = new Map<string | undefined, Setting>();

  set(subject: string | undefined, setting: Setting | undefined): void {
    if (setting === undefined) this.#settings.delete(subject);
    else this.#settings.set(subject, setting);
  }

  own(subject: string | undefined): Setting | undefined {
    return this.#settings.get(subject);
  }

  inScope(subject: string | undefined): Setting | undefined {
    const context = subject === undefined ? defaultContext : contextOf(subject);
    return (
      this.own(subject) ??
      this.own(context === defaultContext ? undefined : contextPrefix(context)) ??
      this.own(contextPrefix(globalContext))
    );
  }

  /** Subjects that have one, sorted. */
  subjects(prefix: string): readonly string[] {
    const named = [...this.#settings.keys()].filter((subject) => subject !== undefined);
    return named.filter((subject) => subject.startsWith(prefix)).sort();
  }
}
