import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { expect } from "vitest";

import type { ReadRecord } from "./read-topic.ts";
import type { TestWorld } from "./test-world.ts";

export const wordTopics = { lines: 4, counts: 4, copies: 4 };

const words = ["apple", "pear", "plum", "fig", "lime", "quince", "cherry", "grape"];

/** Lines of words; no two lines are equal. */
export function linesOf(count: number, first = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const at = first + index;
    return `${words[at % 8]} ${words[(at * 3 + 1) % 8]} line-${at}`;
  });
}

/** Counts words over a repartition topic, and copies each line. */
export function wordCount(options: { readonly hasFilter?: boolean } = {}): Topology {
  const builder = new StreamsBuilder();
  const lines = builder.stream("lines", { value: string() });
  lines.to("copies");
  const split = lines.flatMapValues((line) => line.split(" "));
  (options.hasFilter === true ? split.filter(() => true) : split)
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

export function plainCounts(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of lines.flatMap((line) => line.split(" ")))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Where the output is read from: a `TestWorld`, or a client of its own. */
export interface CountsSource {
  read(topic: string): Promise<readonly ReadRecord[]>;
}

/** What the output says in the end; a key's records are in one partition, in order. */
export async function readCounts(world: CountsSource): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { key, value } of await world.read("counts"))
    counts.set(key ?? "", int64AsNumber().deserialize(value ?? new Uint8Array(8), "counts") ?? 0);
  return counts;
}

/** Waits until the counts are those of a plain computation; exactly once: every line was copied once, too. */
export async function expectCounted(world: CountsSource, lines: readonly string[]): Promise<void> {
  const expected = sorted(plainCounts(lines));
  await expect
    .poll(async () => sorted(await readCounts(world)), { timeout: 20_000, interval: 30 })
    .toEqual(expected);
}

/** As `expectCounted`, after a kill of an application that counts at least once. */
export async function expectCountedAtLeast(
  world: CountsSource,
  lines: readonly string[],
): Promise<void> {
  const lacking = async (): Promise<readonly string[]> => {
    const counts = await readCounts(world);
    return [...plainCounts(lines)].flatMap(([word, count]) =>
      (counts.get(word) ?? 0) < count ? [word] : [],
    );
  };
  await expect.poll(lacking, { timeout: 20_000, interval: 30 }).toEqual([]);
}

export async function expectCopiedOnce(world: TestWorld, lines: readonly string[]): Promise<void> {
  expect((await world.readTexts("copies")).toSorted()).toEqual([...lines].toSorted());
}

/** Waits until so many records are written, committed or not. */
export async function expectUncommitted(
  world: TestWorld,
  topic: string,
  count: number,
): Promise<void> {
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition, at: "latest" as const }));
  const written = async () => {
    const ends = await world.client.admin.listOffsets(partitions);
    return ends.reduce((sum, { offset }) => sum + offset, 0);
  };
  await expect.poll(written, { timeout: 5000, interval: 5 }).toBeGreaterThanOrEqual(count);
}

function sorted(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
}
