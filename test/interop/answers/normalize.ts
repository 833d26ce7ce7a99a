import { readBaseOffset, readBatchSizeBytes, readRecordCount } from "@millrace/protocol/records";
import { errorRow } from "@millrace/protocol";

/** Fields that hang on the machine, the run or the clock, and what stands for them. */
const replaced: Readonly<Record<string, string>> = {
  clusterId: "C",
  host: "HOST",
  port: "PORT",
  nodeId: "N",
  brokerId: "N",
  leaderId: "N",
  controllerId: "N",
  replicaNodes: "N",
  isrNodes: "N",
  eligibleLeaderReplicas: "N",
  lastKnownElr: "N",
  nodeEndpoints: "N",
  topicId: "ID",
  memberId: "M",
  leader: "M",
  members: "MEMBERS",
  sessionId: "S",
  producerId: "P",
  lastTimestamp: "TIME",
  logAppendTimeMs: "TIME",
  transactionStartTimeMs: "TIME",
  coordinatorEpoch: "E",
};
const left: ReadonlySet<string> = new Set(["throttleTimeMs", "documentation", "rack"]);
const texts: ReadonlySet<string> = new Set(["errorMessage", "batchIndexErrorMessage"]);

/** An answer without what differs between two runs, error codes by name, batches by their outline. */
export function normalize(value: unknown, name = ""): unknown {
  if (name === "errorCode" && typeof value === "number") return errorRow(value).name;
  if (texts.has(name)) return value === null || value === "" ? value : "TEXT";
  if (value instanceof Uint8Array) return name === "records" ? outline(value) : value.length;
  if (name in replaced && value !== -1 && value !== null && value !== "") return replaced[name];
  if (Array.isArray(value)) return sorted(value.map((element) => normalize(element)));
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).filter(([key]) => !left.has(key));
    return Object.fromEntries(fields.map(([key, field]) => [key, normalize(field, key)]));
  }
  return value;
}

/** Brokers list in the order of their hash tables. */
function sorted(elements: readonly unknown[]): readonly unknown[] {
  return elements.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** `base offset+records` of each batch. */
function outline(bytes: Uint8Array): string {
  const batches: string[] = [];
  for (let at = 0; at + 61 <= bytes.length; at += readBatchSizeBytes(bytes, at)) {
    batches.push(`${readBaseOffset(bytes, at)}+${readRecordCount(bytes, at)}`);
  }
  return batches.join(" ");
}
