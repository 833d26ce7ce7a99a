import { shown } from "@millrace/model";

import { requireValue } from "../../../processor/callback-result.ts";
import { CallbackError } from "../../../error/callback-error.ts";

/** How great a value is; of several numbers the first that differs decides. */
export type Score = number | readonly number[];

/** The score of a value, as the user tells it. */
export type ScoreOf = (value: unknown, key: unknown) => Score;

/** What the callback gave, as numbers. */
export function numbersOf(by: ScoreOf, value: unknown, key: unknown): readonly number[] {
  const given = requireValue(by(value, key), "topN");
  const numbers: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (numbers.length > 0 && numbers.every((one) => typeof one === "number" && !Number.isNaN(one)))
    return numbers as readonly number[];
  throw new CallbackError(
    "CALLBACK_GAVE_NO_SCORE",
    "topN",
    `${shownScore(given)} for a score; return a number, or a list of numbers whose first difference decides`,
  );
}

/** Below 0 where the left score stands first: it is the greater one, or has fewer numbers. */
export function compareScores(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of left.entries()) {
    if (index === right.length) return 1;
    if (number !== right[index]) return number > right[index] ? -1 : 1;
  }
  return left.length - right.length;
}

/** Bytes that sort as scores do, the greatest first. */
export function scoreBytes(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(9 * numbers.length + 1);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) {
    bytes[9 * index] = 1;
    // Plus 0: -0 is 0.
    view.setFloat64(9 * index + 1, number + 0);
    const bits = view.getBigUint64(9 * index + 1);
    // Ascending: negative numbers with all bits turned, others with the sign; then descending.
    const isNegative = bits >> 63n === 1n;
    view.setBigUint64(9 * index + 1, isNegative ? bits : bits ^ 0x7fff_ffff_ffff_ffffn);
  }
  return bytes; // ends with a 0: a score with fewer numbers stands first
}

function shownScore(given: unknown): string {
  return Array.isArray(given) ? `[${given.map(shown).join(", ")}]` : shown(given);
}
