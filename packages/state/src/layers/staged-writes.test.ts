import { compareBytes } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { expect, it } from "vitest";

import type { EngineEntry } from "../contract/store-engine.ts";
import { StagedWrites } from "./staged-writes.ts";

it.each([10, 300, 9_000])("%d writes are given by key, those of one key as they came", (count) => {
  const random = new SeededRandom(count);
  const writes = new StagedWrites();
  const model = new Map<string, number[]>();
  for (let index = 0; index < count; index++) {
    const key = Uint8Array.of(7, 1, random.below(2), random.below(9), ...(index % 3 ? [200] : []));
    writes.add(key, Uint8Array.of(index >> 8, index));
    model.set(key.join(), [...(model.get(key.join()) ?? []), index]);
  }
  const entries: EngineEntry[] = [];
  writes.appendTo(entries);
  const given = new Map<string, number[]>();
  for (const { key, value } of entries)
    given.set(key.join(), [
      ...(given.get(key.join()) ?? []),
      ((value?.[0] ?? 0) << 8) | (value?.[1] ?? 0),
    ]);
  expect(given).toEqual(model);
  const isInOrder = entries.every(
    ({ key }, index) => index === 0 || compareBytes(entries[index - 1].key, key) <= 0,
  );
  expect(isInOrder).toBe(count >= 64);
});
