import { otherwise, type KStream } from "@millrace/streams";

import { predicate } from "./functions.ts";
import type { Handle } from "./handles.ts";
import { asList, asObject, asText, textOrUndefined, type JsonObject } from "./program.ts";
import { ArgumentError, lift } from "./values.ts";

type Stream = KStream<unknown, unknown>;

/** `split`: the handles of its branches by the names that they are bound to. */
export function splitStream(st: JsonObject, on: Handle): ReadonlyMap<string, Handle> {
  const stream = on.node;
  if (stream.kind !== "stream") throw new ArgumentError("split needs a stream");
  const branches = asList(st["branches"]).map(asObject);
  const rest = st["default"] === undefined ? undefined : asObject(st["default"]);
  const all = new Map<string, Parameters<Stream["filter"]>[0] | typeof otherwise>();
  const nameOf = (branch: JsonObject, index: number): string =>
    textOrUndefined(branch["name"]) ?? String(index);
  for (const [index, branch] of branches.entries()) {
    const test = predicate(branch["when"]);
    const when = (v: unknown, k: unknown): boolean => test(k, lift(v, on.value));
    all.set(nameOf(branch, index + 1), when);
  }
  if (rest !== undefined) all.set(nameOf(rest, 0), otherwise);
  const name = textOrUndefined(st["name"]);
  const options = name === undefined ? {} : { name };
  const streams = stream.split(all as ReadonlyMap<string, typeof otherwise>, options);
  const bind = (branch: JsonObject, index: number): readonly [string, Handle] => {
    const node = streams[nameOf(branch, index)];
    return [asText(branch["let"]), { ...on, node }];
  };
  return new Map([
    ...branches.map((branch, index) => bind(branch, index + 1)),
    ...(rest === undefined ? [] : [bind(rest, 0)]),
  ]);
}
