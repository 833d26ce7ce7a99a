import { expect, test } from "vitest";
import { GrowingTable } from "./print-table.ts";

test("rows that come one after the other stand below each other, and a wide cell widens its column from there on", () => {
  const table = new GrowingTable(["letter", "from"], [8, 4]);
  expect([
    table.head,
    table.line(["0:1", "a"]),
    table.line(["0:1234567890", "b"]),
    table.line(["0:2", "c"]),
  ]).toEqual(["letter    from", "0:1       a", "0:1234567890  b", "0:2           c"]);
});
