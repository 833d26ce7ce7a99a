/** Engines on the disk. */
export type DurableEngine = "rocksdb" | "sqlite";

/** By `MILLRACE_STORE_ENGINE` all programs that are killed have their stores in that one. */
export function engineOfRun(): DurableEngine {
  return process.env["MILLRACE_STORE_ENGINE"] === "sqlite" ? "sqlite" : "rocksdb";
}
