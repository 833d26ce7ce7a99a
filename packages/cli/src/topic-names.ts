import { UsageError } from "./usage-error.ts";

/** Topics, given as words or as `--topic NAME`; at least one. */
export function topicNames(
  words: readonly string[],
  flagged: readonly string[],
): readonly string[] {
  const names = [...new Set([...words, ...flagged])];
  if (names.length > 0) return names;
  throw new UsageError("--topic is missing; give the NAME of a topic");
}

/** One topic, likewise. */
export function topicName(words: readonly string[], flagged: string | undefined): string {
  const names = topicNames(words, flagged === undefined ? [] : [flagged]);
  if (names.length === 1) return names[0];
  throw new UsageError(`one topic at a time; there are ${names.join(", ")}`);
}
