import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { protobuf } from "@millrace/serde-protobuf";
import { expect, test } from "vitest";

import { bareOrder, bareType, order, orderSchema } from "./protobuf-records.ts";

interface Figures {
  readonly what: string;
  readonly ratio?: number;
  readonly growth?: number;
}

const isFull = process.env["MILLRACE_VERIFY"] === "1";
/** Rounds, records of a round, records for memory. */
const sizes = isFull ? [31, 200_000, 5_000_000] : [4, 30_000, 100_000];
const ratioMax = 1.25;
const growthMax = 2 * 2 ** 20;
const program = fileURLToPath(new URL("protobuf-costs.ts", import.meta.url));

/** @param wanted nothing: all @param times as many records in a round */
function measured(wanted: readonly string[], times = 1): readonly Figures[] {
  const [rounds, records, forMemory] = sizes;
  const parameters = [program, ...[rounds, times * records, forMemory].map(String), ...wanted];
  const output = execFileSync(process.execPath, parameters, { encoding: "utf8" });
  console.log(output);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Figures);
}

function isDear({ ratio = 0, growth = 0 }: Figures): boolean {
  return ratio > ratioMax || growth > growthMax;
}

test("what is measured gives the same bytes", () => {
  const ours = protobuf<object>(orderSchema(), { message: "Order" }).serialize(order, "t");
  expect(Uint8Array.from(ours)).toEqual(Uint8Array.from(bareType.encode(bareOrder).finish()));
});

test(
  `a record costs at most ${ratioMax} of what protobufjs alone takes, 50 versions at most ${ratioMax} of one, and memory stays flat`,
  () => {
    // Who else works on the machine only adds to it: what is too dear is measured again, and longer, since a busy machine
    // compiles the readers of 50 versions late.
    const all = measured([]);
    expect(all).toHaveLength(9);
    let dear = all.filter(isDear);
    for (let attempt = 0; attempt < 5 && dear.length > 0; attempt++) {
      dear = measured(
        dear.map(({ what }) => what),
        4,
      ).filter(isDear);
    }
    expect(dear).toEqual([]);
  },
  isFull ? 1_800_000 : 240_000,
);
