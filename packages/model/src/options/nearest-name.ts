/**
 * The known name that is most like a mistyped one: the same but for case and separators, or a few letters away.
 * Undefined where none is like it.
 */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  const plainTyped = plain(typed);
  const bound = Math.max(1, Math.floor(plainTyped.length / 3));
  let nearest: string | undefined;
  let least = bound + 1;
  for (const name of known) {
    const distance = editDistance(plainTyped, plain(name));
    if (distance >= least) continue;
    nearest = name;
    least = distance;
  }
  return nearest;
}

function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

/** Letters to insert, remove or replace (Levenshtein). */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = previous[column - 1] + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[right.length];
}
