import { CacheBudget } from "@millrace/state";

import type { GlobalEnvironment } from "../runtime/global-environment.ts";
import type { Topology } from "../topology/topology.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";

/** What is made once, for all loops. */
export interface SharedParts {
  readonly global: Omit<GlobalEnvironment, "globalStores" | "directory">;
  /** The cache of a loop: all loops have as much as each other (Kafka: `ThreadCache`, resized with the threads). */
  readonly cacheOf: (number: number) => CacheBudget;
  readonly shareCache: (loops: number) => void;
}

export function sharedParts(
  { topology, options }: { readonly topology: Topology; readonly options: ResolvedStreamsOptions },
  { platform, cluster, engines }: StreamsEnvironment,
): SharedParts {
  const { applicationId: application, cacheBytesMax } = options;
  const { metrics } = platform;
  const others = topology.globalStores.length === 0 ? 0 : 1;
  const caches = new Map<number, CacheBudget>();
  let shareBytes = Math.floor(cacheBytesMax / (options.threads + others));
  const cache = new CacheBudget(shareBytes);
  return {
    global: {
      platform,
      cluster,
      engines,
      cache,
      config: {
        ...options,
        fingerprint: topology.fingerprint(),
        transactionalId: application,
        threadId: application,
      },
      restored: metrics.counter("restore-records-total", { application }),
      remaining: metrics.counter("restore-remaining-records-total", { application }),
    },
    cacheOf: (number) => {
      const own = caches.get(number) ?? new CacheBudget(shareBytes);
      caches.set(number, own);
      return own;
    },
    shareCache: (loops) => {
      shareBytes = Math.floor(cacheBytesMax / (Math.max(1, loops) + others));
      for (const one of [cache, ...caches.values()]) one.sizeBytesMax = shareBytes;
    },
  };
}
