import { seededRandom } from "./seeded-random.ts";

const wordsPerLine = 8;
const vocabulary = Array.from({ length: 5_000 }, (_, index) => `word${index}`);

/** The first lines of a text that is the same every time: few words are frequent, many are rare. */
export function generateLines(count: number): readonly string[] {
  const random = seededRandom(1);
  return Array.from({ length: count }, () => {
    let line = "";
    for (let index = 0; index < wordsPerLine; index++) {
      const draw = random();
      const word = vocabulary[Math.floor(vocabulary.length * draw * draw * draw)];
      line = index === 0 ? word : `${line} ${word}`;
    }
    return line;
  });
}

/** What the counts must be in the end. */
export function countPlainly(lines: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort());
}
