import type { StoreEngineKind } from "@millrace/state";

/** How stores are that do not say it themselves. */
export interface StoreDefaults {
  readonly engine: StoreEngineKind;
  /** True: with room for headers, where Kafka's have it. */
  readonly headers: boolean;
}
