import type { StateStore } from "@millrace/state";

import { storeReads } from "./read-only-store.ts";

type Method = (this: StateStore, ...parts: unknown[]) => unknown;

/**
 * A store for a processor of the user's: what is no read first asks whether the processor has its turn. Outside of one, as in
 * `setTimeout`, it would be part of whichever transaction comes next, without a record that it belongs to.
 *
 * @param requireTurn throws where nobody has a turn
 */
export function storeInTurns<Store extends StateStore>(
  store: Store,
  requireTurn: (what: string) => void,
): Store {
  const view: object = {};
  for (const name of namesOf(store)) {
    const member: unknown = Reflect.get(store, name);
    if (typeof member !== "function")
      Object.defineProperty(view, name, {
        get: (): unknown => Reflect.get(store, name),
        enumerable: true,
      });
    else if (storeReads.has(name))
      Object.defineProperty(view, name, { value: (member as Method).bind(store) });
    else Object.defineProperty(view, name, { value: checked(name, member as Method) });
  }
  return Object.freeze(view) as Store; // it has all that the store has

  function checked(name: string, method: Method): Method {
    const what = `calls ${name} of store ${store.name}`;
    // No method has more parameters; a list of them would be made for each write.
    return (first, second, third) => {
      requireTurn(what);
      return method.call(store, first, second, third);
    };
  }
}

/** Its own names, and those of its classes. */
function namesOf(store: StateStore): readonly string[] {
  const names = new Set<string>();
  for (
    let from: unknown = store;
    typeof from === "object" && from !== null && from !== Object.prototype;
    from = Object.getPrototypeOf(from)
  )
    for (const name of Object.getOwnPropertyNames(from))
      if (name !== "constructor") names.add(name);
  return [...names];
}
