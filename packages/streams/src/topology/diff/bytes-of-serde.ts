/** Serdes of one result have one text, as far as their names tell. */
export function bytesOfSerde(name: string): string {
  return name.replace(/\boptional /g, "").replace(/\bint64AsNumber\b/g, "int64");
}
