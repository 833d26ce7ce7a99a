import type { Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type { ValueAndTimestamp } from "../../contract/key-value-store.ts";
import type {
  FlushListener,
  FlushListenerOptions,
  UpdatableStore,
} from "../../contract/updatable-store.ts";
import { KeyValueStoreBase } from "../key-value/key-value-store-base.ts";

/** Kafka: `MeteredTimestampedKeyValueStore`. */
export class TimestampedStore<K, V>
  extends KeyValueStoreBase<K, V, ValueAndTimestamp<V>>
  implements UpdatableStore<K, V>
{
  get isCached(): boolean {
    return this.access.isCached;
  }

  get timestampOfRead(): Timestamp {
    return this.access.timestampOfRead;
  }

  readForUpdate(key: K, keyBytes: Uint8Array | null): V | null {
    return this.access.readForUpdate(key, keyBytes);
  }

  writeUpdated(value: V | null, timestamp: Timestamp, bytes?: Uint8Array | null): void {
    this.access.writeUpdated(value, timestamp, bytes);
  }

  isWrittenBy(serde: Serde<V>): boolean {
    return this.access.isWrittenBy(serde);
  }

  bytesOfRead(serde: Serde<V>): Uint8Array | null {
    return this.access.bytesOfRead(serde);
  }

  readBytes(key: K, serde: Serde<V>): Uint8Array | null | undefined {
    return this.access.readBytes(key, serde);
  }

  setFlushListener(listener: FlushListener<K, V>, options: FlushListenerOptions): boolean {
    return this.access.setFlushListener(listener, options);
  }

  protected override decodeStored(bytes: Uint8Array): ValueAndTimestamp<V> {
    return { value: this.format.decode(bytes), timestamp: this.format.timestampOf(bytes) };
  }

  protected override read(key: K): ValueAndTimestamp<V> | null {
    const value = this.access.read(key);
    return value === null ? null : { value, timestamp: this.access.readTimestamp };
  }

  protected override write(key: K, stored: ValueAndTimestamp<V> | null): void {
    if (stored === null) this.access.write(key, null, -1);
    else this.access.write(key, stored.value, stored.timestamp);
  }
}

/** Kafka: `MeteredTimestampedKeyValueStoreWithHeaders`. */
export class TimestampedStoreWithHeaders<K, V> extends TimestampedStore<K, V> {
  protected override decodeStored(bytes: Uint8Array): ValueAndTimestamp<V> {
    return { ...super.decodeStored(bytes), headers: this.format.headersOf(bytes) };
  }

  protected override read(key: K): ValueAndTimestamp<V> | null {
    const found = super.read(key);
    return found === null ? null : { ...found, headers: this.access.readHeaders };
  }

  protected override write(key: K, stored: ValueAndTimestamp<V> | null): void {
    if (stored === null) super.write(key, null);
    else this.access.write(key, stored.value, stored.timestamp, stored.headers);
  }
}
