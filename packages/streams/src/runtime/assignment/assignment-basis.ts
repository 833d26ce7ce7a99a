/** What an assignment was made for: it is outdated where one of them has changed since. */
export interface AssignmentBasis {
  /** The leader's fingerprint. */
  readonly topology: string;
  /** Partition counts of the inputs that the application does not make itself; undefined: they took too much room. */
  readonly partitions: ReadonlyMap<string, number> | undefined;
  /** False: the leader is of an older Millrace, and gives tasks to others that their owners have not given up yet. */
  readonly isCooperative: boolean;
}

/** Texts of an assignment have their length in two bytes. */
const textLengthMax = 16_000;
const cooperative = "cooperative";

/** As this version assigns. Partition counts that would take too much room are left out. */
export function encodeBasis({
  topology,
  partitions,
}: Omit<AssignmentBasis, "isCooperative">): string {
  const told = { topology, rebalance: cooperative };
  const text = JSON.stringify({ ...told, partitions: Object.fromEntries(partitions ?? []) });
  return text.length <= textLengthMax ? text : JSON.stringify(told);
}

/** Undefined for what is none, such as Kafka's own. */
export function decodeBasis(text: string): AssignmentBasis | undefined {
  if (!text.startsWith("{")) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  if (!("topology" in value) || typeof value.topology !== "string") return undefined;
  const { topology } = value;
  const isCooperative = "rebalance" in value && value.rebalance === cooperative;
  if (!("partitions" in value)) return { topology, partitions: undefined, isCooperative };
  const counts = Object.entries(value.partitions ?? {});
  const partitions = new Map(counts.map(([topic, count]) => [topic, Number(count)]));
  return { topology, partitions, isCooperative };
}
