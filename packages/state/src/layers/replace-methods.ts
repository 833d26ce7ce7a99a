import type { StateStore } from "../contract/state-store.ts";

/** Of this one store: what its methods do is done within `around`. */
export function replaceMethods(
  store: StateStore,
  names: readonly string[],
  around: (call: () => unknown) => unknown,
): void {
  for (const name of names) {
    const method: unknown = Reflect.get(store, name);
    if (typeof method !== "function") continue;
    const value = (...parts: unknown[]): unknown =>
      around(() => Reflect.apply(method, store, parts) as unknown);
    Object.defineProperty(store, name, { value });
  }
}
