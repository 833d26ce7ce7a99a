/**
 * The known name that is most like a mistyped one: the same but for case and separators, a few letters away, or the only
 * one that begins so. Undefined where none is like it.
 */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  const plainTyped = plain(typed);
  const bound = plainTyped.length <= 3 ? 1 : Math.max(2, Math.floor(plainTyped.length / 3));
  let nearest: string | undefined;
  let least = bound + 1;
  for (const name of known) {
    const distance = editDistance(plainTyped, plain(name));
    if (distance >= least) continue;
    nearest = name;
    least = distance;
  }
  if (nearest !== undefined || plainTyped.length <= 3) return nearest;
  const longer = known.filter((name) => plain(name).startsWith(plainTyped));
  return longer.length === 1 ? longer[0] : undefined;
}

function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]/gu, "").toLowerCase();
}

/** Letters to insert, remove, replace, or exchange with their neighbour (Damerau and Levenshtein). */
function editDistance(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isExchanged =
        left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current.push(
        Math.min(
          rows[row - 1][column - 1] + (isSame ? 0 : 1),
          rows[row - 1][column] + 1,
          current[column - 1] + 1,
          isExchanged ? rows[row - 2][column - 2] + 1 : Infinity,
        ),
      );
    }
    rows.push(current);
  }
  return rows[left.length][right.length];
}
