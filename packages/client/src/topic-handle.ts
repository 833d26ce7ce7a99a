import type { Serde } from "@millrace/serde";

/** A topic with its serdes, as `topic` of the DSL makes it: producers and consumers take the serdes. */
export interface TopicHandle<Key, Value> {
  readonly name: string;
  readonly key: Serde<Key>;
  readonly value: Serde<Value>;
}

export function isHandle(given: unknown): given is TopicHandle<unknown, unknown> {
  if (typeof given !== "object" || given === null || Object.keys(given).length !== 3) return false;
  return "name" in given && typeof given.name === "string" && "key" in given && "value" in given;
}
