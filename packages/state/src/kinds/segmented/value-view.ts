import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import type { ValueAndTimestamp } from "../../contract/key-value-store.ts";
import type { StoredValue } from "../../contract/store-view.ts";
import {
  plainValues,
  timestampedValues,
  timestampedValuesWithHeaders,
  valuesWithHeaders,
  type ValueLayout,
} from "../../layers/value-layout.ts";

/** How a stored value looks to users (`S`), and lies in the store. */
export interface ValueView<V, S> {
  readonly layout: ValueLayout;
  seen(value: V, timestamp: Timestamp, headers: Headers): S;
  valueOf(seen: S): V;
  timestampOf(seen: S): Timestamp;
  headersOf(seen: S): Headers;
}

export const plainView: ValueView<unknown, unknown> = {
  layout: plainValues,
  seen: (value) => value,
  valueOf: (seen) => seen,
  timestampOf: () => -1,
  headersOf: () => noHeaders,
};

/** As operators use them: with room for headers, which are empty. */
export const plainViewWithHeaders: ValueView<unknown, unknown> = {
  ...plainView,
  layout: valuesWithHeaders,
};

/** As queries have it: with all that lies beside it, for values that are bytes. */
export function storedView(layout: ValueLayout): ValueView<Uint8Array, StoredValue> {
  return {
    layout,
    seen: (value, timestamp, headers) => ({ value, timestamp, headers }),
    valueOf: ({ value }) => value,
    timestampOf: ({ timestamp }) => timestamp,
    headersOf: ({ headers }) => headers,
  };
}

export const timestampedView: ValueView<unknown, ValueAndTimestamp<unknown>> = {
  layout: timestampedValues,
  seen: (value, timestamp) => ({ value, timestamp }),
  valueOf: ({ value }) => value,
  timestampOf: ({ timestamp }) => timestamp,
  headersOf: () => noHeaders,
};

export const timestampedViewWithHeaders: ValueView<unknown, ValueAndTimestamp<unknown>> = {
  ...timestampedView,
  layout: timestampedValuesWithHeaders,
  seen: (value, timestamp, headers) => ({ value, timestamp, headers }),
  headersOf: ({ headers }) => headers ?? noHeaders,
};
