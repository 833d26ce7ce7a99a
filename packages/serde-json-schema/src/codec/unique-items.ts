/** Whether two items are one value. ajv compares each with each, which takes hours for a long list. */
export function hasRepeats(items: readonly unknown[]): boolean {
  const seen = new Set<unknown>();
  return items.some((item) => {
    const identity = typeof item === "object" && item !== null ? sorted(item) : primitive(item);
    const isRepeat = seen.has(identity);
    seen.add(identity);
    return isRepeat;
  });
}

/** Texts are told from the texts of objects. */
function primitive(item: unknown): unknown {
  return typeof item === "string" ? `"${item}` : item;
}

function sorted(item: object): string {
  return JSON.stringify(item, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
