import { noHeaders, type Headers } from "@millrace/model";
import { describe, expect, it } from "vitest";

import {
  bytes,
  composedOf,
  counted,
  deserializeWith,
  list,
  optional,
  SerdePendingError,
  serializeWith,
  valuePlace,
  windowed,
  WritePlace,
  type Serde,
  type SerdePlace,
  type SerdeUse,
} from "./index.ts";

/** Notes what it is told. */
class NotingSerde implements Serde<Uint8Array> {
  readonly name = "noting";
  readonly isNullable = false;
  readonly usesPlace = true;
  readonly places: (SerdePlace | undefined)[] = [];
  readonly uses: SerdeUse[] = [];

  serialize(value: Uint8Array, _topic: string, place?: SerdePlace): Uint8Array {
    this.places.push(place && { part: place.part, headers: place.headers });
    place?.setHeader?.("added", value);
    return value;
  }

  deserialize(view: Uint8Array, _topic: string, place?: SerdePlace): Uint8Array {
    this.places.push(place && { part: place.part, headers: place.headers });
    return view.slice();
  }

  prepare(use: SerdeUse): Promise<void> {
    this.uses.push(use);
    return Promise.resolve();
  }
}

const content = Uint8Array.of(7);
const headers: Headers = [["h", content]];
const use: SerdeUse = { topic: "t", part: "key", reads: true, writes: false };
const window = { start: 0, end: 60_000 };

describe.each<[string, (inner: Serde<Uint8Array>) => Serde<unknown>, unknown]>([
  ["optional", (inner) => optional(inner), content],
  ["windowed", (inner) => windowed(inner, { size: "1m" }), { key: content, window }],
  ["windowed by sessions", (inner) => windowed(inner, "session"), { key: content, window }],
  ["counted", (inner) => counted(inner), { key: content, index: 1 }],
])("%s", (_name, wrap, value) => {
  it("gives the serde within its place, and the headers that it adds", () => {
    const inner = new NotingSerde();
    const serde = wrap(inner);
    const place = new WritePlace("key").at(headers);
    const written = serde.serialize(value as {}, "t", place);
    expect(place.headers).toEqual([
      ["h", content],
      ["added", content],
    ]);
    serde.deserialize(written, "t", { part: "key", headers });
    expect(inner.places).toEqual([
      { part: "key", headers },
      { part: "key", headers },
    ]);
  });

  it("is prepared, and depends on its place, as the serde within", async () => {
    const inner = new NotingSerde();
    const serde = wrap(inner);
    await serde.prepare?.(use, new AbortController().signal);
    expect(inner.uses).toEqual([use]);
    expect(serde.usesPlace).toBe(true);
    expect(wrap(bytes()).prepare).toBeUndefined();
    expect(wrap(bytes()).usesPlace ?? false).toBe(false);
  });
});

describe("the items of a list", () => {
  it("have the list's part, and neither read nor add its headers", async () => {
    const inner = new NotingSerde();
    const serde = list(inner);
    const place = new WritePlace("key").at(headers);
    const written = serde.serialize([content, content], "t", place);
    serde.deserialize(written, "t", { part: "key", headers });
    expect(place.headers).toBe(headers);
    expect(inner.places).toEqual(Array.from({ length: 4 }, () => ({ part: "key", headers: [] })));
    await serde.prepare?.(use, new AbortController().signal);
    expect(inner.uses).toEqual([use]);
    expect(serde.usesPlace).toBe(true);
  });
});

describe("what is made of several serdes", () => {
  it("prepares each of them once", async () => {
    const one = new NotingSerde();
    const other = new NotingSerde();
    const { prepare } = composedOf(one, other, one);
    await prepare?.(use, new AbortController().signal);
    expect([one.uses, other.uses]).toEqual([[use], [use]]);
  });

  it("fails as the first that fails", async () => {
    const failing = { prepare: () => Promise.reject(new Error("no such subject")) };
    const { prepare } = composedOf(new NotingSerde(), failing);
    await expect(prepare?.(use, new AbortController().signal)).rejects.toThrow("no such subject");
  });
});

describe("a serde that must first fetch something", () => {
  const pendingOn = (ready: Promise<unknown>): Serde<Uint8Array> => {
    const wait = (): never => {
      throw new SerdePendingError("schema 7", ready);
    };
    return { name: "slow", isNullable: false, serialize: wait, deserialize: wait };
  };

  it("is told apart from one that fails", async () => {
    const slow = pendingOn(Promise.resolve(7));
    expect(() => serializeWith(slow, content, "t", valuePlace)).toThrow(SerdePendingError);
    expect(() => deserializeWith(slow, content, "t", valuePlace)).toThrow("waits for schema 7");
    expect(() => deserializeWith(optional(slow), content, "t", valuePlace)).toThrow(
      SerdePendingError,
    );
  });

  it("says when to call again, also where the fetch failed, which nobody else need handle", async () => {
    const failed = new SerdePendingError("schema 7", Promise.reject(new Error("away")));
    await expect(failed.ready).resolves.toBeUndefined();
  });
});

describe("a place to write to", () => {
  it("has one header of a name that is set, or none", () => {
    const place = new WritePlace("value");
    const stale: Headers = [
      ["a", content],
      ["b", null],
      ["a", null],
    ];
    place.at(stale).setHeader("a", Uint8Array.of(7));
    expect(place.headers).toEqual([
      ["b", null],
      ["a", Uint8Array.of(7)],
    ]);
    place.setHeader("a", null);
    expect(place.headers).toEqual([["b", null]]);
  });

  it("starts each call with the headers it is given", () => {
    const place = new WritePlace("value");
    place.at(headers).setHeader("a", content);
    expect(place.at(noHeaders).headers).toBe(noHeaders);
    expect(headers).toHaveLength(1);
  });
});
