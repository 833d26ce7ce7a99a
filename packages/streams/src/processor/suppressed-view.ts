import type { Timestamp } from "@millrace/model";
import type { TimeOrderedBuffer } from "@millrace/state";

import type { ProcessorContext } from "./processor.ts";
import type { TableView, ValueGetter } from "./value-getter.ts";

/** A table whose changes come later: a key that waits in the buffer has what it had before. */
export function suppressedView(buffer: string, parent: TableView): TableView {
  return {
    storeNames: [...new Set([buffer, ...parent.storeNames])],
    open: (context) => new SuppressedGetter(context, buffer, parent.open(context)),
  };
}

class SuppressedGetter implements ValueGetter {
  readonly #buffer: TimeOrderedBuffer<unknown, unknown>;
  readonly #parent: ValueGetter;
  #isFromParent = false;

  constructor(context: ProcessorContext, buffer: string, parent: ValueGetter) {
    this.#buffer = context.store<TimeOrderedBuffer<unknown, unknown>>(buffer);
    this.#parent = parent;
  }

  get(key: unknown): unknown {
    const before = this.#buffer.valueBefore(key);
    this.#isFromParent = before === undefined;
    return before === undefined ? this.#parent.get(key) : before;
  }

  /** The buffer does not know when a value was written. */
  get timestamp(): Timestamp {
    return this.#isFromParent ? this.#parent.timestamp : -1;
  }
}
