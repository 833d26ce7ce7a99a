import type { Stores } from "./killed-application.ts";

/** What a follower has seen. */
export interface Followed {
  readonly changes: number;
  /** By key. */
  readonly seen: Readonly<Record<string, number>>;
}

const everyMs = 200;

/** How long a partition is waited for: longer than a dead instance is missed. */
const timeout = "60s" as const;

/** Without caches each record is a change, and counts one more: what comes else is a gap, or a double. */
export async function followChanges(
  { app, counts }: Pick<Stores, "app" | "counts">,
  tell: (told: Followed) => void,
): Promise<void> {
  const seen: Record<string, number> = {};
  let changes = 0;
  const telling = setInterval(() => tell({ changes, seen }), everyMs);
  try {
    for await (const { key, value, offset } of app.store(counts, { timeout }).changes()) {
      const before = seen[key];
      const isNext = offset === undefined ? before === undefined : value === (before ?? 0) + 1;
      if (!isNext || value === null)
        throw new Error(`${key} was ${before}, and is told to be ${value} at ${offset}`);
      seen[key] = value;
      if (offset !== undefined) changes += 1;
    }
  } finally {
    clearInterval(telling);
  }
}
