/** Divides what is there into so many parts at most, alike in size, in its order. */
export function inParts<One>(all: readonly One[], partsMax: number): readonly (readonly One[])[] {
  const size = Math.max(1, Math.ceil(all.length / partsMax));
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}
