import type { Line } from "../everything.ts";

/** The ids of the lines in each window, by `key@start-end`; "any": nobody can say. */
export type Contents = ReadonlyMap<string, readonly string[] | "any">;

/** Windows that start at the multiples of `advanceMs`; each has its end for itself. */
export function hoppingContents(
  lines: readonly Line[],
  sizeMs: number,
  advanceMs: number,
): Contents {
  const contents = new Map<string, string[]>();
  for (const { key, id, timestamp } of lines)
    for (
      let start = timestamp - (timestamp % advanceMs);
      start > timestamp - sizeMs;
      start -= advanceMs
    )
      add(contents, `${key}@${start}-${start + sizeMs}`, id);
  return contents;
}

/** A window ends with each line, and one begins just behind it, where there is something in it. */
export function slidingContents(lines: readonly Line[], sizeMs: number): Contents {
  const contents = new Map<string, string[]>();
  for (const [key, own] of byKey(lines)) {
    const starts = own.flatMap(({ timestamp }) => [timestamp - sizeMs, timestamp + 1]);
    for (const start of new Set(starts))
      for (const { id, timestamp } of own)
        if (timestamp >= start && timestamp <= start + sizeMs)
          add(contents, `${key}@${start}-${start + sizeMs}`, id);
  }
  return contents;
}

/** Lines that are at most `gapMs` from the next one are together. */
export function sessionContents(lines: readonly Line[], gapMs: number): Contents {
  const contents = new Map<string, string[]>();
  for (const [key, own] of byKey(lines)) {
    const ordered = own.toSorted((left, right) => left.timestamp - right.timestamp);
    let session: Line[] = [];
    const end = (): void => {
      const [first, last] = [session[0], session.at(-1)];
      if (first === undefined || last === undefined) return;
      const name = `${key}@${first.timestamp}-${last.timestamp}`;
      for (const { id } of session) add(contents, name, id);
      session = [];
    };
    for (const line of ordered) {
      const last = session.at(-1);
      if (last !== undefined && line.timestamp - last.timestamp > gapMs) end();
      session.push(line);
    }
    end();
  }
  return contents;
}

function byKey(lines: readonly Line[]): ReadonlyMap<string, readonly Line[]> {
  return Map.groupBy(lines, ({ key }) => key);
}

function add(contents: Map<string, string[]>, name: string, id: string): void {
  const ids = contents.get(name);
  if (ids === undefined) contents.set(name, [id]);
  else ids.push(id);
}
