import type { StoredSchema } from "../records/stored-schema.ts";

/** Who has an id: versions by subject. */
interface IdEntry {
  readonly versions: Map<string, Set<number>>;
  /** More than one where a version was overwritten under IMPORT. */
  readonly guids: Set<string>;
}

/** What is numbered within one context. */
export class ContextState {
  /** The highest id ever given here, as far as the topic tells. */
  idMax = 0;
  readonly #ids = new Map<number, IdEntry>();
  readonly #idsByGuid = new Map<string, number>();

  add({ subject, version, id, guid }: StoredSchema): void {
    this.idMax = Math.max(this.idMax, id);
    const entry = this.#ids.get(id) ?? { versions: new Map(), guids: new Set() };
    entry.versions.set(subject, (entry.versions.get(subject) ?? new Set()).add(version));
    entry.guids.add(guid);
    this.#ids.set(id, entry);
    this.#idsByGuid.set(guid, id);
  }

  remove({ subject, version, id }: StoredSchema): void {
    const entry = this.#ids.get(id);
    const versions = entry?.versions.get(subject);
    if (entry === undefined || versions?.delete(version) !== true) return;
    if (versions.size === 0) entry.versions.delete(subject);
    if (entry.versions.size > 0) return;
    this.#ids.delete(id);
    for (const guid of entry.guids)
      if (this.#idsByGuid.get(guid) === id) this.#idsByGuid.delete(guid);
  }

  /** Who has an id: the latest version of it by subject. */
  versionsOf(id: number): ReadonlyMap<string, number> {
    const entries = [...(this.#ids.get(id)?.versions ?? [])];
    return new Map(entries.map(([subject, versions]) => [subject, Math.max(...versions)]));
  }

  idOf(guid: string): number | undefined {
    return this.#idsByGuid.get(guid);
  }
}
