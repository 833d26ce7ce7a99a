/** What an assignment was made for: it is outdated where one of them has changed since. */
export interface AssignmentBasis {
  /** The leader's fingerprint. */
  readonly topology: string;
  /** Partition counts of the inputs that the application does not make itself; undefined: they took too much room. */
  readonly partitions: ReadonlyMap<string, number> | undefined;
}

/** Texts of an assignment have their length in two bytes. */
const textLengthMax = 16_000;

/** Partition counts that would take too much room are left out. */
export function encodeBasis({ topology, partitions }: AssignmentBasis): string {
  const text = JSON.stringify({ topology, partitions: Object.fromEntries(partitions ?? []) });
  return text.length <= textLengthMax ? text : JSON.stringify({ topology });
}

/** Undefined for what is none: of an older leader, or Kafka's own. */
export function decodeBasis(text: string): AssignmentBasis | undefined {
  if (!text.startsWith("{")) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  if (!("topology" in value) || typeof value.topology !== "string") return undefined;
  const { topology } = value;
  if (!("partitions" in value)) return { topology, partitions: undefined };
  const counts = Object.entries(value.partitions ?? {});
  return { topology, partitions: new Map(counts.map(([topic, count]) => [topic, Number(count)])) };
}
