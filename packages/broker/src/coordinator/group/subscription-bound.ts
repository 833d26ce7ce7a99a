/** Whoever reads more topics is to name them by a pattern. */
export const topicNamesMax = 10_000;

/** Of the members of all groups together. */
export const topicNamesTotalMax = 1_000_000;

/** Of the members of one principal: whoever takes all that it may leaves as much to the others. */
export const topicNamesOfPrincipalMax = topicNamesTotalMax / 2;

/** Why a member's topics are not taken; undefined: they are. */
export function topicNamesFault(names: readonly string[] | null): string | undefined {
  const count = names?.length ?? 0;
  if (count <= topicNamesMax) return undefined;
  return `${count} topics are subscribed to by name, and at most ${topicNamesMax} are taken.`;
}
