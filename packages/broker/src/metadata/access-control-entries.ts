import type { AccessControlEntryRecord } from "@millrace/protocol/definitions";

/** One rule: who may, or may not, do what to which resources (Kafka: `StandardAcl`). */
export type AccessControlEntry = Readonly<AccessControlEntryRecord>;

/** Kafka: `PatternType`. */
export const patternTypes = { UNKNOWN: 0, ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const;

/** The rules about one type of resource. */
interface Rules {
  readonly literal: Map<string, Set<AccessControlEntry>>;
  readonly prefixed: Map<string, Set<AccessControlEntry>>;
  /** How many prefixes there are of each length: a name may be long, and its beginnings are many. */
  readonly prefixLengths: Map<number, number>;
}

/** All rules of the cluster, found by id and by resource. */
export class AccessControlEntries {
  readonly #byId = new Map<string, AccessControlEntry>();
  readonly #byKey = new Map<string, string>();
  readonly #byType = new Map<number, Rules>();

  get size(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<AccessControlEntry> {
    return this.#byId.values();
  }

  hasId(id: string): boolean {
    return this.#byId.has(id);
  }

  /** True if there is a rule that says the same. */
  has(entry: AccessControlEntry): boolean {
    return this.#byKey.has(keyOfEntry(entry));
  }

  add(entry: AccessControlEntry): void {
    this.remove(entry.id);
    this.#byId.set(entry.id, entry);
    this.#byKey.set(keyOfEntry(entry), entry.id);
    const names = this.#names(entry);
    const same = names.get(entry.resourceName);
    if (same !== undefined) same.add(entry);
    else {
      names.set(entry.resourceName, new Set([entry]));
      this.#countLength(entry, 1);
    }
  }

  remove(id: string): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    this.#byKey.delete(keyOfEntry(entry));
    const names = this.#names(entry);
    const same = names.get(entry.resourceName);
    same?.delete(entry);
    if (same?.size !== 0) return;
    names.delete(entry.resourceName);
    this.#countLength(entry, -1);
  }

  /** Visits the rules whose pattern the name matches, until one visit says that it is enough. */
  visitMatching(
    resourceType: number,
    name: string,
    visit: (entry: AccessControlEntry) => boolean,
  ): void {
    const rules = this.#byType.get(resourceType);
    if (rules === undefined) return;
    const { literal, prefixed, prefixLengths } = rules;
    if (visitAll(literal.get(name), visit)) return;
    if (name !== "*" && visitAll(literal.get("*"), visit)) return;
    for (const length of prefixLengths.keys())
      if (length <= name.length && visitAll(prefixed.get(name.slice(0, length)), visit)) return;
  }

  #countLength({ resourceType, patternType, resourceName }: AccessControlEntry, by: number): void {
    const lengths = this.#byType.get(resourceType)?.prefixLengths;
    if (lengths === undefined || patternType !== patternTypes.PREFIXED) return;
    const { length } = resourceName;
    const count = (lengths.get(length) ?? 0) + by;
    if (count > 0) lengths.set(length, count);
    else lengths.delete(length);
  }

  #names({ resourceType, patternType }: AccessControlEntry) {
    let rules = this.#byType.get(resourceType);
    if (rules === undefined) {
      rules = { literal: new Map(), prefixed: new Map(), prefixLengths: new Map() };
      this.#byType.set(resourceType, rules);
    }
    return patternType === patternTypes.PREFIXED ? rules.prefixed : rules.literal;
  }
}

function visitAll(
  entries: Set<AccessControlEntry> | undefined,
  visit: (entry: AccessControlEntry) => boolean,
): boolean {
  if (entries !== undefined) for (const entry of entries) if (visit(entry)) return true;
  return false;
}

/** Equal for rules about the same resources. */
export function keyOfResource(entry: Omit<AccessControlEntry, "id">): string {
  return JSON.stringify([entry.resourceType, entry.patternType, entry.resourceName]);
}

/** Equal for rules that say the same, whatever their ids. */
export function keyOfEntry(entry: Omit<AccessControlEntry, "id">): string {
  const { principal, host, operation, permissionType } = entry;
  return JSON.stringify([keyOfResource(entry), principal, host, operation, permissionType]);
}
