import { checkEqual, type ConformanceCase } from "@millrace/model/conformance";
import { storeEngineKinds } from "../contract/store-specification.ts";
import { rowKinds } from "./expiring-model.ts";
import { cachesOf } from "./expiring-stores-conformance.ts";
import { ExpiringTrial } from "./expiring-trial.ts";
import type { StoreEngineFixture } from "./store-engine-conformance.ts";
import { StoreTrial } from "./task-stores-conformance.ts";

/**
 * What queries beside a task may rely on, on an engine: what is committed is what a plain list says as of the last commit,
 * what is live is what operators see; cursors show the state of their opening; and whoever asks, the same is written,
 * evicted and logged as where nobody does.
 *
 * @example for (const { name, run } of queryViewsConformance(fixture)) it(name, run);
 */
export function queryViewsConformance(fixture: StoreEngineFixture): readonly ConformanceCase[] {
  const seeds = Math.max(1, Math.floor((fixture.seeds ?? 20) / 20));
  const ofKeys = [0, 300, 2_000, 10_000_000].map((cacheBytesMax, index) => ({
    name: `queries of key-value stores change nothing in them, cache ${cacheBytesMax}`,
    run: async () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const options = { seed, cacheBytesMax, headers: (seed + index) % 2 === 0 };
        const quiet = new StoreTrial(await fixture.openEmpty(), options);
        const written = await quiet.run(fixture);
        const queried = new StoreTrial(await fixture.openEmpty(), { ...options, isQueried: true });
        checkEqual(await queried.run(fixture), written, `seed ${seed}: the changelogs`);
      }
    },
  }));
  const ofRows = rowKinds.map((kind, index) => ({
    name: `queries of a ${kind} store change nothing in it`,
    run: async () => {
      for (const [at, cacheBytesMax] of cachesOf(kind).entries())
        for (let seed = 1; seed <= seeds; seed++) {
          const engine = storeEngineKinds[(index + at + seed) % storeEngineKinds.length];
          const options = { kind, engine, cacheBytesMax, seed };
          const written = await new ExpiringTrial(fixture, options).run();
          const queried = new ExpiringTrial(fixture, { ...options, isQueried: true });
          checkEqual(await queried.run(), written, `seed ${seed}: the changelog`);
        }
    },
  }));
  return [...ofKeys, ...ofRows];
}
