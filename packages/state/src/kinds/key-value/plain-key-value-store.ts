import { KeyValueStoreBase } from "./key-value-store-base.ts";

/** Kafka: `MeteredKeyValueStore`. */
export class PlainKeyValueStore<K, V> extends KeyValueStoreBase<K, V, V> {
  protected override decodeStored(bytes: Uint8Array): V {
    return this.format.decode(bytes);
  }

  protected override read(key: K): V | null {
    return this.access.read(key);
  }

  protected override write(key: K, value: V | null): void {
    this.access.write(key, value, -1);
  }
}
