import * as fc from "fast-check";
import { expect, test } from "vitest";

import { decodeBasis, encodeBasis } from "./assignment-basis.ts";

test("what an assignment was made for reads back", () => {
  const topic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/);
  fc.assert(
    fc.property(fc.string(), fc.array(fc.tuple(topic, fc.nat(500))), (topology, counts) => {
      const basis = { topology, partitions: new Map(counts) };
      const read = decodeBasis(encodeBasis(basis));
      expect(read?.topology).toBe(topology);
      expect([...(read?.partitions ?? [])].sort()).toEqual([...basis.partitions].sort());
    }),
  );
});

test("counts that would not fit are left out, the topology never", () => {
  const partitions = new Map(Array.from({ length: 2000 }, (_, index) => [`topic-${index}`, 4]));
  const text = encodeBasis({ topology: "abc", partitions });
  expect(text.length).toBeLessThan(32_767);
  expect(decodeBasis(text)).toEqual({
    topology: "abc",
    partitions: undefined,
    isCooperative: true,
  });
});

test("a leader that tells nothing is no reason to doubt", () => {
  expect(decodeBasis("")).toBeUndefined();
});

test("a leader that says nothing of how it assigns is of an older version, and assigns eagerly", () => {
  const text = JSON.stringify({ topology: "abc", partitions: { t: 2 } });
  expect(decodeBasis(text)).toMatchObject({ topology: "abc", isCooperative: false });
});
