/** What is left where nothing else helps. */
export const startOver =
  "start over: a new applicationId, or delete the group's offsets, the internal topics and the state directory";

/** Serdes of one result have one text, as far as their names tell. */
export function bytesOfSerde(name: string): string {
  return name.replace(/\boptional /g, "").replace(/\bint64AsNumber\b/g, "int64");
}
