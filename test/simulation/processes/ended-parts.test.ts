import { expect, test } from "vitest";

import { EndedParts } from "./ended-parts.ts";

test("what is let go is collected; what is held is told by its name, and how often it is", async () => {
  const ended = new EndedParts(8);
  const held = noteParts(ended);
  expect(await ended.held()).toEqual(new Map([["held", held.length]]));
});

/** On its own, since a function that waits holds what it has looked at. */
function noteParts(ended: EndedParts): readonly object[] {
  const held = [{}, {}];
  for (const part of held) ended.note("held", part);
  ended.note("let go", {});
  return held;
}
