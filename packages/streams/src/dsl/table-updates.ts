import type { TimestampedKeyValueStore, UpdatableStore } from "@millrace/state";

import type { ProcessorContext } from "../processor/processor.ts";
import { StreamRecord } from "../processor/stream-record.ts";

/**
 * The store of a table as its operator uses it, and who forwards its updates: the operator itself, or, where the
 * store is cached, each flush of it, in the context of the record that wrote the entry last (Kafka:
 * `TimestampedTupleForwarder`, `TimestampedCacheFlushListener`).
 */
export class TableUpdates<K, V> {
  readonly store: TimestampedKeyValueStore<K, V> & UpdatableStore<K, V>;
  /** True: updates are forwarded by the flush; the operator must not. */
  readonly isCached: boolean;

  constructor(
    context: ProcessorContext,
    options: { readonly store: string; readonly sendsOldValues: boolean },
  ) {
    const { sendsOldValues } = options;
    this.store = context.timestampedStore<K, V>(options.store);
    this.isCached = this.store.setFlushListener(
      (key, newValue, oldValue, written) => {
        const old = sendsOldValues ? oldValue : undefined;
        const { headers, valueTimestamp } = written;
        const change = { newValue, oldValue: old, timestamp: valueTimestamp };
        const record = StreamRecord.ofChange(key, change, headers);
        context.forwardIn(written, record);
      },
      { sendsOldValues },
    );
  }
}
