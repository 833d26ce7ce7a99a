import { SeededRandom } from "@millrace/platform";
import { expect, it } from "vitest";

import { hashWith, KeyFilter } from "./key-filter.ts";

it.each([1, 1000, 300_000])(
  "of %d hashes none that was added is missed, and few others pass",
  (count) => {
    const random = new SeededRandom(count);
    const hashes = Array.from({ length: 2 * count }, () => hashWith(random.below(2 ** 31), 0));
    const added = new Set(hashes.slice(0, count));
    const filter = new KeyFilter();
    for (const hash of added) filter.add(hash);
    expect([...added].every((hash) => filter.mayHave(hash))).toBe(true);
    const others = hashes.filter((hash) => !added.has(hash));
    const passed = others.filter((hash) => filter.mayHave(hash));
    expect(passed.length).toBeLessThan(0.05 * others.length + 1);
  },
);

it("an empty filter has nothing", () => {
  expect(new KeyFilter().mayHave(0)).toBe(false);
});
