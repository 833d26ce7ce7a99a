import type { Timestamp, Windowed } from "@millrace/model";
import type { ReadOnlySessionStore } from "@millrace/state";

import type { ProcessorContext } from "../../processor/processor.ts";
import type { TableView, ValueGetter } from "../../processor/value-getter.ts";

/** A table of sessions, looked up by key, start and end. */
export function sessionView(store: string): TableView {
  return { storeNames: [store], open: (context) => new SessionGetter(context, store) };
}

class SessionGetter implements ValueGetter<Windowed<unknown>> {
  readonly #store: ReadOnlySessionStore<unknown, unknown>;
  #timestamp: Timestamp = -1;

  constructor(context: ProcessorContext, name: string) {
    this.#store = context.store<ReadOnlySessionStore<unknown, unknown>>(name);
  }

  get({ key, window }: Windowed<unknown>): unknown {
    const found = this.#store.fetchSession(key, window);
    this.#timestamp = found === null ? -1 : window.end;
    return found;
  }

  get timestamp(): Timestamp {
    return this.#timestamp;
  }
}
