import { invariant } from "@millrace/model";
import type { StoreEngine } from "../contract/store-engine.ts";
import { PinnedEngine } from "./pinned-engine.ts";

/**
 * The engines of one task as they are now, all at once: nothing is committed between them.
 *
 * @param has whether a store of an engine is shown: an engine may hold what the program keeps elsewhere now
 */
export function pinEngines(
  engines: readonly StoreEngine[],
  has: (store: string, engine: StoreEngine) => boolean = () => true,
): readonly PinnedEngine[] {
  const pinned: PinnedEngine[] = [];
  try {
    for (const engine of engines)
      pinned.push(new PinnedEngine(engine, (store) => has(store, engine)));
    const names = pinned.flatMap(({ stores }) => stores.map(({ name }) => name));
    invariant(new Set(names).size === names.length, "STATE-18", names);
    return pinned;
  } catch (error) {
    for (const one of pinned) one[Symbol.dispose]();
    throw error;
  }
}
