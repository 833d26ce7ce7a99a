import type { JoinStoreOptions, Within } from "@millrace/streams";

import type { Handle, Stream } from "./handles.ts";
import { joiner } from "./joiners.ts";
import { asObject, asText, type JsonObject } from "./program.ts";
import { lift, serdeOf } from "./values.ts";

/** A join of two streams. */
export function joinStreams(
  st: JsonObject,
  { on, other }: { readonly on: Handle; readonly other: Handle },
  [left, right]: readonly [Stream, Stream],
): Handle {
  const fn = joiner(st["fn"], on.value, other.value);
  const join = (l: unknown, r: unknown, k: unknown): unknown =>
    fn.of(k, lift(l, on.value), lift(r, other.value));
  const options = {
    ...windowOf(asObject(st["window"])),
    key: serdeOf(on.key),
    left: serdeOf(on.value),
    right: serdeOf(other.value),
    store: storeOf(st),
    ...(st["name"] === undefined ? {} : { name: asText(st["name"]) }),
  };
  const { deprecated } = asObject(st["window"]);
  const outer = deprecated === true ? { ...options, unmatched: "atOnce" as const } : options;
  const node =
    st["op"] === "join"
      ? left.join(right, join, options)
      : st["op"] === "leftJoin"
        ? left.leftJoin(right, join, outer)
        : left.outerJoin(right, join, outer);
  return { node: node as Stream, key: on.key, value: fn.type };
}

const dayMs = 86_400_000;

function windowOf({ difference, before, after, grace, deprecated }: JsonObject): {
  readonly within: Within;
  readonly grace: number;
} {
  const differenceMs = Number(difference);
  const isPlain = before === undefined && after === undefined && differenceMs !== 0;
  const bounds = [0 - Number(before ?? differenceMs), Number(after ?? differenceMs)] as const;
  const eagerGrace = Math.max(0, dayMs - 2 * differenceMs);
  const defaultGrace = deprecated === true ? eagerGrace : 0;
  return { within: isPlain ? differenceMs : bounds, grace: Number(grace ?? defaultGrace) };
}

function storeOf({ storeName, storeType, logging }: JsonObject): JoinStoreOptions {
  return {
    ...(storeName === undefined ? {} : { name: asText(storeName) }),
    ...(storeType === undefined ? {} : { engine: storeType === "rocksdb" ? "rocksdb" : "memory" }),
    ...(logging === undefined ? {} : { logging: logging === true }),
  };
}
