import * as fc from "fast-check";
import { expect, test } from "vitest";
import { combineBatches } from "./combine-batches.ts";
import type { StateBatch } from "./share-state.ts";

const batch = (
  firstOffset: number,
  lastOffset: number,
  deliveryState = 0,
  deliveryCount = 1,
): StateBatch => ({ firstOffset, lastOffset, deliveryState, deliveryCount });

test("a later delivery counts where two speak of the same records, and neighbours become one", () => {
  const known = [batch(0, 9, 0, 1), batch(10, 19, 2, 1)];
  expect(combineBatches(known, [batch(5, 14, 2, 2)], 0)).toEqual([
    batch(0, 4, 0, 1),
    batch(5, 14, 2, 2),
    batch(15, 19, 2, 1),
  ]);
  expect(combineBatches(known, [batch(5, 9, 2, 1)], 7)).toEqual([batch(7, 19, 2, 1)]);
});

/** Offset by offset. */
function naive(known: readonly StateBatch[], news: readonly StateBatch[], start: number): string[] {
  const best = new Map<number, StateBatch>();
  for (const one of [...known, ...news])
    for (let offset = one.firstOffset; offset <= one.lastOffset; offset++) {
      const before = best.get(offset);
      const rank = (it: StateBatch) => it.deliveryCount * 10 + it.deliveryState;
      if (offset >= start && (before === undefined || rank(one) > rank(before)))
        best.set(offset, one);
    }
  return [...best]
    .toSorted(([left], [right]) => left - right)
    .map(
      ([offset, { deliveryState, deliveryCount }]) => `${offset} ${deliveryState} ${deliveryCount}`,
    );
}

test("says of each record what the naive way says, in order, without overlaps or needless cuts", () => {
  const one = fc
    .tuple(fc.nat(30), fc.nat(8), fc.constantFrom(0, 2, 4), fc.integer({ min: 1, max: 3 }))
    .map(([first, length, state, count]) => batch(first, first + length, state, count));
  fc.assert(
    fc.property(fc.array(one), fc.array(one), fc.integer({ min: -1, max: 40 }), (a, b, start) => {
      const known = combineBatches([], a, -1);
      const combined = combineBatches(known, b, start);
      expect(naive(combined, [], -1)).toEqual(naive(known, b, start));
      for (const [index, { firstOffset, deliveryState, deliveryCount }] of combined.entries()) {
        const before = combined[index - 1];
        if (before === undefined) continue;
        expect(firstOffset).toBeGreaterThan(before.lastOffset);
        const isSame =
          before.deliveryState === deliveryState && before.deliveryCount === deliveryCount;
        if (isSame) expect(firstOffset).toBeGreaterThan(before.lastOffset + 1);
      }
    }),
  );
});

test("the work grows with what is known and told, not with both together", () => {
  const size = 20_000;
  let looks = 0;
  const counted = (index: number): StateBatch => ({
    get firstOffset() {
      looks++;
      return index * 4;
    },
    lastOffset: index * 4 + 1,
    deliveryState: 0,
    deliveryCount: 1,
  });
  const known = Array.from({ length: size }, (_, index) => counted(index));
  const told = Array.from({ length: size }, (_, index) =>
    batch(index * 4 + 2, index * 4 + 2, 2, 1),
  );
  expect(combineBatches(known, told.toReversed(), 0)).toHaveLength(2 * size);
  expect(looks).toBeLessThan(100 * size);
});
