import type { Timestamp } from "@millrace/model";
import type { ValueAndTimestamp } from "../../contract/key-value-store.ts";
import { plainValues, timestampedValues, type ValueLayout } from "../../layers/value-layout.ts";

/** How a stored value looks to users (`S`), and lies in the store. */
export interface ValueView<V, S> {
  readonly layout: ValueLayout;
  seen(value: V, timestamp: Timestamp): S;
  valueOf(seen: S): V;
  timestampOf(seen: S): Timestamp;
}

export const plainView: ValueView<unknown, unknown> = {
  layout: plainValues,
  seen: (value) => value,
  valueOf: (seen) => seen,
  timestampOf: () => -1,
};

export const timestampedView: ValueView<unknown, ValueAndTimestamp<unknown>> = {
  layout: timestampedValues,
  seen: (value, timestamp) => ({ value, timestamp }),
  valueOf: ({ value }) => value,
  timestampOf: ({ timestamp }) => timestamp,
};
