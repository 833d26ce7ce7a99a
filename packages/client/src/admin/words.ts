/** Words for numbers on the wire, each number once. */
export type Words<Word extends string> = Readonly<Record<Word, number>>;

/** Undefined: a number of a newer cluster, which has no word here. */
export function wordOf<Word extends string>(words: Words<Word>, code: number): Word | undefined {
  return wordsOf(words).find((word) => words[word] === code);
}

export function wordsOf<Word extends string>(words: Words<Word>): readonly Word[] {
  return Object.keys(words) as Word[]; // of a literal: it has no others
}
