import type { ConformanceCase } from "@millrace/model/conformance";
import type { StoreEngineKind } from "../contract/store-specification.ts";
import { rowKinds, type RowKind } from "./expiring-model.ts";
import { ExpiringTrial } from "./expiring-trial.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";

/**
 * What stores whose rows expire promise on an engine: reads are what a plain list of rows says, also after an abort, after
 * closing and opening, and after an empty engine was restored from the changelog; writes that come too late are counted.
 *
 * @example for (const { name, run } of expiringStoresConformance(fixture)) it(name, run);
 */
export function expiringStoresConformance(fixture: StoreEngineFixture): readonly ConformanceCase[] {
  const engines: readonly StoreEngineKind[] = ["rocksdb", "memory"];
  return rowKinds.flatMap((kind) =>
    engines.flatMap((engine) =>
      cachesOf(kind).map((cacheBytesMax) => ({
        name: `a ${kind} store is what a list of rows says, engine ${engine}, cache ${cacheBytesMax}`,
        run: async () => {
          for (let seed = 1; seed <= (fixture.seeds ?? 20); seed++) {
            const trial = new ExpiringTrial(fixture, { kind, engine, cacheBytesMax, seed });
            await trial.run();
          }
        },
      })),
    ),
  );
}

/** The caches that such a store may have. */
export function cachesOf(kind: RowKind): readonly number[] {
  return kind === "duplicates" ? [0] : [0, 600, 10_000_000];
}
