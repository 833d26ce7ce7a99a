import type { Timestamp, Windowed } from "@millrace/model";
import type { UpdatableWindowStore } from "@millrace/state";

import type { ProcessorContext } from "../../processor/processor.ts";
import type { TableView, ValueGetter } from "../../processor/value-getter.ts";

/** A table of windows, looked up by key and start. */
export function windowView(store: string): TableView {
  return { storeNames: [store], open: (context) => new WindowGetter(context, store) };
}

class WindowGetter implements ValueGetter<Windowed<unknown>> {
  readonly #store: UpdatableWindowStore<unknown, unknown>;

  constructor(context: ProcessorContext, name: string) {
    this.#store = context.store<UpdatableWindowStore<unknown, unknown>>(name);
  }

  get({ key, window }: Windowed<unknown>): unknown {
    return this.#store.readForUpdate(key, null, window.start);
  }

  get timestamp(): Timestamp {
    return this.#store.timestampOfRead;
  }
}
