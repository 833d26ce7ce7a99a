/** What options take for a key or value, for `valueOption`. */
export const serdeKind = {
  allowed: "a serde, such as string() or json(schema)",
  accepts: (given: unknown): boolean =>
    typeof given === "object" &&
    given !== null &&
    "serialize" in given &&
    typeof given.serialize === "function" &&
    "deserialize" in given &&
    typeof given.deserialize === "function",
};
