import type { BytesStore } from "../contract/bytes-store.ts";
import type { StoreEnvironment } from "../contract/open-store.ts";
import { CachedAccess, type CachedAccessOptions } from "./cached-access.ts";
import { DirectAccess } from "./direct-access.ts";
import { LoggedStore } from "./logged-store.ts";
import { MeteredStore } from "./metered-store.ts";
import type { ValueAccess } from "./value-access.ts";
import type { ValueLayout } from "./value-layout.ts";

/** What lies between the bytes of a store and its cache: changelog and meters. */
export function openByteLayers(
  name: string,
  bytes: BytesStore,
  { changelog, metrics, scope }: StoreEnvironment,
  layout: ValueLayout,
): BytesStore {
  const logged = changelog === null ? bytes : new LoggedStore(bytes, changelog, layout);
  return metrics === undefined
    ? logged
    : new MeteredStore(logged, metrics, { "task-id": scope.taskId, store: name });
}

/** The typed way in, through a cache where there is one. */
export function openAccess<K, V>(
  options: Omit<CachedAccessOptions<K, V>, "context" | "budget" | "cursors">,
  { cache, metrics, recordContext, scope, cursors }: StoreEnvironment,
): ValueAccess<K, V> {
  const own = { ...options, context: recordContext, cursors };
  if (cache === null) return new DirectAccess(own);
  const cached = new CachedAccess({ ...own, budget: cache });
  const tags = { "task-id": scope.taskId, store: options.name };
  cursors?.watchHits(() => cached.hitRatio);
  metrics?.gauge("hit-ratio-avg", () => cached.hitRatio, tags);
  return cached;
}
