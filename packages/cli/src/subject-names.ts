import { textFlag } from "./flags/flag.ts";
import { UsageError } from "./usage-error.ts";

/** One subject, given as a word. */
export function subjectName(words: readonly string[]): string {
  if (words.length === 1) return words[0];
  throw new UsageError(words.length === 0 ? "give a SUBJECT" : "one subject at a time");
}

/** A subject and the file of a schema. */
export function subjectAndFile(words: readonly string[]): readonly [subject: string, file: string] {
  if (words.length === 2) return [words[0], words[1]];
  throw new UsageError("give a SUBJECT and the FILE of a schema");
}

export function versionFlag(about: string) {
  return textFlag({ placeholder: "N", about });
}

/** A version's number, or the latest. */
export function versionOf(text: string): number | "latest" {
  if (text === "latest") return text;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`${text} is no version; give a number from 1, or latest`);
}
