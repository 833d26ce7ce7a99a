import { isDeepStrictEqual } from "node:util";

import type { FactAnswer, FactCase } from "./facts.ts";

/** Equal by some members, all as recorded. */
export function membersDiffer(
  names: readonly string[],
): (recorded: FactCase, answer: FactAnswer) => readonly string[] {
  return (recorded, answer) =>
    names
      .filter((name) => name in recorded && !isDeepStrictEqual(recorded[name], answer[name]))
      .map((name) => difference(name, recorded[name], answer[name]));
}

/** Equal: the same verdict, and the same set of problems by version, reader, kind and path. */
export function compatibilityDiffers(recorded: FactCase, answer: FactAnswer): readonly string[] {
  const verdict = membersDiffer(["compatible"])(recorded, answer);
  const wanted = problemsOf(recorded);
  const found = problemsOf(answer);
  if (isDeepStrictEqual(wanted, found)) return verdict;
  return [...verdict, difference("problems", wanted, found)];
}

function problemsOf(line: FactCase | FactAnswer): readonly string[] {
  const problems = (line["problems"] ?? []) as readonly Readonly<Record<string, unknown>>[];
  const told = problems.map(({ version, reader, kind, path, detail }) =>
    JSON.stringify([version, reader, kind, path, detail]),
  );
  return [...new Set(told)].sort();
}

export function difference(name: string, recorded: unknown, found: unknown): string {
  return `${name}: ${JSON.stringify(recorded)}, got ${JSON.stringify(found)}`;
}
