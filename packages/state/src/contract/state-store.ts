/** What all stores have (Kafka: `StateStore`). They are opened, flushed, committed and closed by `TaskStores`. */
export interface StateStore {
  readonly name: string;
  /** True: its data survives the process. */
  readonly isPersistent: boolean;
  /** False once it was closed or aborted: every operation throws then. */
  readonly isOpen: boolean;
}
