/** Frames of the methods that a program builds its topology with. */
const method = /\b(?:StreamsBuilder|Topology|Planned\w+)\.(?!build\b)\w+ /;

/** A frame's place; test runners and bundlers put a query behind the file, which names none. */
const placeOfFrame = /^\s*at (?:.* \()?(?<file>.+?)(?:\?[^/\\]*)?(?<position>:\d+:\d+)\)?$/;

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
  return callPlaceIn(new Error().stack ?? "");
}

/** Of the last call of such a method that a stack tells of. */
export function callPlaceIn(stack: string): string | undefined {
  const frames = stack.split("\n");
  const caller = frames[frames.findLastIndex((frame) => method.test(frame)) + 1] ?? "";
  const found = placeOfFrame.exec(caller)?.groups;
  return found === undefined ? undefined : `${found["file"]}${found["position"]}`;
}
