/** Frames of the methods that a program builds its topology with. */
const method = /\b(?:StreamsBuilder|Topology|Planned\w+)\.(?!build\b)\w+ /;

/**
 * Where the program calls the operator that is at work, as ` (at app.ts:12:4)`: a chain of operators is one statement,
 * whose first line says little. Empty where the engine does not tell, or names are shortened.
 */
export function placeOfCall(): string {
  const place = callPlace();
  return place === undefined ? "" : ` (at ${place})`;
}

/** The same as `app.ts:12:4`. */
export function callPlace(): string | undefined {
  const frames = new Error().stack?.split("\n") ?? [];
  const caller = frames[frames.findLastIndex((frame) => method.test(frame)) + 1] ?? "";
  return /^\s*at (?:.* \()?(?<place>.+:\d+:\d+)\)?$/.exec(caller)?.groups?.place;
}
