interface Named {
  readonly name: string;
}

/** What two versions of a program have both, and what only one of them has. */
export interface Paired<T> {
  readonly pairs: readonly (readonly [T, T])[];
  readonly gone: readonly T[];
  readonly added: readonly T[];
}

/**
 * Finds what is the same in both. Each level tells by its text which may be taken for each other; undefined: none. Those
 * of equal names go first, then in the order of the program; what one level leaves over is for the next.
 */
export function pairUp<T extends Named>(
  old: readonly T[],
  now: readonly T[],
  levels: readonly ((item: T) => string | undefined)[],
): Paired<T> {
  const pairs: (readonly [T, T])[] = [];
  let gone = old;
  let added = now;
  for (const textOf of levels) {
    const found = pairsOf(gone, added, textOf);
    pairs.push(...found);
    const paired = new Set(found.flat());
    gone = gone.filter((item) => !paired.has(item));
    added = added.filter((item) => !paired.has(item));
  }
  return { pairs, gone, added };
}

function pairsOf<T extends Named>(
  old: readonly T[],
  now: readonly T[],
  textOf: (item: T) => string | undefined,
): readonly (readonly [T, T])[] {
  const candidates = Map.groupBy(now, textOf);
  candidates.delete(undefined);
  return [...Map.groupBy(old, textOf)].flatMap(([text, items]) => {
    const others = candidates.get(text) ?? [];
    const same = items.flatMap((item) => {
      const other = others.find(({ name }) => name === item.name);
      return other === undefined ? [] : [[item, other] as const];
    });
    const paired = new Set(same.flat());
    const left = others.filter((item) => !paired.has(item));
    const rest = items
      .filter((item) => !paired.has(item))
      .slice(0, left.length)
      .map((item, index) => [item, left[index]] as const);
    return [...same, ...rest];
  });
}
