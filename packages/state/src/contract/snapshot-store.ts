/**
 * Where snapshots of state lie: a directory, a bucket. Names are of letters, digits, `.`, `_`, `-` and, between them, `/`.
 * What fails throws `SnapshotError` `SNAPSHOT_STORE_FAILED`; nothing is held in memory beyond the bytes of one call.
 */
export interface SnapshotStore {
  /** For messages. */
  readonly place: string;
  /** Whole or not at all; what had that name before is replaced. */
  put(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Undefined: there is nothing of that name. */
  get(name: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** What lies directly under a name that ends in `/`; what lies deeper is told as a name that ends in `/`, once. */
  list(under: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** One that is not there is fine. */
  delete(name: string, signal?: AbortSignal): Promise<void>;
}
