import { decodeUtf8 } from "@millrace/model";
import type { EngineEntry, StoreEngine, StoreEngineProvider } from "@millrace/state";

import { delegate } from "../processes/observe-commits.ts";

type BreakEngines = (engines: StoreEngineProvider) => StoreEngineProvider;

/** What a store held is gone when its engine is opened; how far it had come is not. */
export function forgetting(store: RegExp): BreakEngines {
  return breaking((engine) => {
    for (const prefix of prefixesOf(engine, store))
      engine.deleteRange(prefix, Uint8Array.of(prefix[0], prefix[1] + 1));
    return engine;
  });
}

/** Deletes of a store's entries never reach its engine. */
export function keepingDeleted(store: RegExp): BreakEngines {
  return leavingOut(store, ({ value }) => value === null);
}

/** Entries of a store never reach its engine. */
export function writingNothing(store: RegExp): BreakEngines {
  return leavingOut(store, ({ value }) => value !== null);
}

/** A segment that has expired is dropped, and is there again. */
export const keepingExpired: BreakEngines = breaking((engine) =>
  delegate(engine, { deleteRange: () => {} }),
);

/** How far a store has come is written before what it holds: the power may fail in between. */
export const writingOffsetsFirst: BreakEngines = breaking((engine) =>
  delegate(engine, {
    write: (entries) => {
      const isOwn = ({ key }: EngineEntry): boolean => key[0] === 0 && key[1] === 0;
      engine.write(entries.filter(isOwn));
      engine.write(entries.filter((entry) => !isOwn(entry)));
    },
  }),
);

/** An engine that was closed is open yet. */
export const leavingOpen: BreakEngines = breaking((engine) =>
  delegate(engine, { close: async () => {} }),
);

function leavingOut(store: RegExp, isLeftOut: (entry: EngineEntry) => boolean): BreakEngines {
  return breaking((engine) =>
    delegate(engine, {
      write: (entries) => {
        const prefixes = prefixesOf(engine, store);
        const isKept = (entry: EngineEntry): boolean =>
          !isLeftOut(entry) || !prefixes.some((prefix) => startsWith(entry.key, prefix));
        engine.write(entries.filter(isKept));
      },
    }),
  );
}

function breaking(change: (engine: StoreEngine) => StoreEngine): BreakEngines {
  return (engines) => ({
    ...engines,
    open: async (directory) => change(await engines.open(directory)),
  });
}

/** Where the entries of stores lie, as the engine says under 0 0 2 and their names. */
function prefixesOf(engine: StoreEngine, store: RegExp): readonly Uint8Array[] {
  const prefixes: Uint8Array[] = [];
  const names = Uint8Array.of(0, 0, 2);
  using entries = engine.scan({ from: names, to: Uint8Array.of(0, 0, 3) });
  while (entries.next())
    if (store.test(decodeUtf8(entries.key.subarray(names.length))))
      prefixes.push(entries.value.slice(0, 2));
  return prefixes;
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key[0] === prefix[0] && key[1] === prefix[1];
}
