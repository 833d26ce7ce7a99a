import { seededRandom } from "./seeded-random.ts";

const wordsPerLine = 8;
const vocabulary = Array.from({ length: 5_000 }, (_, index) => `word${index}`);

/** A line of a text that is the same every time: few words are frequent, many are rare. */
export function lineAt(index: number): string {
  const random = seededRandom(1, index * wordsPerLine);
  let line = "";
  for (let word = 0; word < wordsPerLine; word++) {
    const draw = random();
    const next = vocabulary[Math.floor(vocabulary.length * draw * draw * draw)];
    line = word === 0 ? next : `${line} ${next}`;
  }
  return line;
}

/** The first lines of it. */
export function generateLines(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => lineAt(index));
}

/** What the counts must be in the end. */
export function countPlainly(lines: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort());
}
