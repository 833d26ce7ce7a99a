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
  return [...verdict, ...listDiffers("problems", recorded, answer)];
}

/** The same, and the same set of what was seen and let pass. */
export function allowedDiffers(recorded: FactCase, answer: FactAnswer): readonly string[] {
  return [...compatibilityDiffers(recorded, answer), ...listDiffers("allowed", recorded, answer)];
}

function listDiffers(name: string, recorded: FactCase, answer: FactAnswer): readonly string[] {
  const wanted = toldIn(recorded[name]);
  const found = toldIn(answer[name]);
  return isDeepStrictEqual(wanted, found) ? [] : [difference(name, wanted, found)];
}

function toldIn(list: unknown): readonly string[] {
  const problems = (list ?? []) as readonly Readonly<Record<string, unknown>>[];
  const told = problems.map(({ version, reader, kind, path, detail }) =>
    JSON.stringify([version, reader, kind, path, detail]),
  );
  return [...new Set(told)].sort();
}

export function difference(name: string, recorded: unknown, found: unknown): string {
  return `${name}: ${JSON.stringify(recorded)}, got ${JSON.stringify(found)}`;
}
