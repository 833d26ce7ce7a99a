import { StateError, type StateStore } from "@millrace/state";

/** What may be done to a store, of any kind, without changing it. */
export const storeReads: ReadonlySet<string> = new Set([
  "get",
  "range",
  "reverseRange",
  "all",
  "reverseAll",
  "prefixScan",
  "approximateEntryCount",
  "fetch",
  "fetchRange",
  "fetchKeys",
  "fetchAll",
  "fetchSession",
  "findSessions",
  "findSessionsOfKeys",
  "history",
]);
const writes: readonly string[] = ["put", "putIfAbsent", "delete", "remove"];

/** A store for somebody who only reads it: what would write throws. */
export function readOnlyStore(store: StateStore): StateStore {
  const view: Record<string, unknown> = {};
  const methods = store as unknown as Readonly<Record<string, unknown>>;
  for (const name of storeReads) {
    const method = methods[name];
    if (typeof method === "function") view[name] = method.bind(store);
  }
  for (const name of writes)
    view[name] = () => {
      throw new StateError(
        "READ_ONLY_STORE",
        `store ${store.name} is that of a table, or global: what feeds it alone writes it; write to the topic that it is made of, or to a store of this processor's own`,
      );
    };
  return Object.freeze(
    Object.defineProperties(view, {
      name: { value: store.name, enumerable: true },
      isPersistent: { value: store.isPersistent, enumerable: true },
      isOpen: { get: () => store.isOpen, enumerable: true },
    }),
  ) as unknown as StateStore;
}
