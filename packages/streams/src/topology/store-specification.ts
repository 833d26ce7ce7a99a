import type { Serde } from "@millrace/serde";

/** A state store as a topology asks for it: data, opened per task. */
export interface StoreSpecification {
  readonly name: string;
  /** `timestampedKeyValue` is what the DSL's tables are made of. */
  readonly kind: "timestampedKeyValue" | "keyValue";
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** Undefined: as the application says (`RocksDB` or memory). */
  readonly engine: "persistent" | "memory" | undefined;
  readonly isCached: boolean;
  readonly isLogged: boolean;
  /** A source topic that serves as the changelog; nothing is written to it. */
  readonly sourceTopic: string | undefined;
}
