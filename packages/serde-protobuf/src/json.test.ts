import * as fc from "fast-check";
import protobufjs from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";
import { describe, expect, test } from "vitest";

import { protobuf } from "./protobuf.ts";

const text = `syntax = "proto3";
message A {
  int64 n = 1; uint64 u = 2; bytes raw = 3; E e = 4; double d = 5; string snake_name = 6; optional bool maybe = 7;
  repeated E es = 8; map<string, int64> counts = 9; map<int32, A> by_number = 10;
  google.protobuf.Timestamp at = 11; google.protobuf.Duration took = 12; google.protobuf.Int64Value wrapped = 13;
  google.protobuf.Struct struct = 14; google.protobuf.FieldMask mask = 15; oneof pick { int32 one = 16; string two = 17; }
  int32 i = 18; bool b = 19;
  enum E { ZERO = 0; ONE = 1; }
}`;
const serde = protobuf<unknown>(text, { values: "json" });
const exact = protobuf<{ at: { seconds: bigint } }>(text);

function again(value: {}): unknown {
  return serde.deserialize(serde.serialize(value, "t"), "t");
}

describe("values as Protobuf's JSON", () => {
  test("each type has its form", () => {
    const value = {
      n: "-9223372036854775808",
      u: "18446744073709551615",
      raw: "AP8=",
      e: "ONE",
      d: "NaN",
      snakeName: "x",
      maybe: false,
      es: ["ZERO", "ONE", 7],
      counts: { a: "5" },
      byNumber: { "-1": { i: 3 } },
      at: "2026-11-28T12:00:00.000000001Z",
      took: "-1.500s",
      wrapped: "0",
      struct: { a: [1, null, { b: true }] },
      mask: "a.bC,d",
      two: "",
    };
    expect(again(value)).toStrictEqual(value);
  });

  test("zero is left out, and may be given", () => {
    expect(again({ n: "0", e: "ZERO", d: 0, raw: "", es: [], counts: {}, b: false })).toStrictEqual(
      {},
    );
  });

  test("other spellings are read: names of the schema, numbers, constants by number, offsets, web-safe base64, null", () => {
    expect(
      again({
        snake_name: "x",
        n: 5,
        e: 1,
        at: "2026-01-01T01:00:00+01:00",
        raw: "AP8",
        maybe: null,
        d: "1.5",
      }),
    ).toStrictEqual({
      snakeName: "x",
      n: "5",
      e: "ONE",
      at: "2026-01-01T00:00:00Z",
      raw: "AP8=",
      d: 1.5,
    });
  });

  test.each([
    [
      "a field that is not there",
      { nope: 1 },
      'the value has "nope", which the message A does not',
    ],
    ["an object for a number", { n: {} }, "A.n takes int64"],
    ["no timestamp", { at: "yesterday" }, "a timestamp is a text such as"],
    ["a number for a timestamp", { at: 5 }, "a timestamp is a text such as"],
    ["no duration", { took: "5m" }, "a duration is a text such as"],
    ["a text for a list", { es: "ONE" }, "es is a list in JSON"],
    ["a number for a map", { counts: 1 }, "counts is an object in JSON"],
    ["a constant that is not there", { e: "TWO" }, "A.e takes a constant of A.E"],
    ["no base64", { raw: "ä" }, "the value is no A"],
    ["a list for a message", [], "A is an object in JSON"],
  ])("%s is refused", (_name, value, problem) => {
    expect(() => again(value)).toThrow(expect.objectContaining({ code: "INVALID_VALUE" }));
    expect(() => again(value)).toThrow(problem);
  });

  test("timestamps are those of the calendar, and dates that it does not have are refused", () => {
    const texts = fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(texts, (date) => {
        const at = `${date.toISOString().slice(0, 19)}Z`;
        expect(again({ at })).toEqual({ at });
        const { at: read } = exact.deserialize(serde.serialize({ at }, "t"), "t");
        expect(read.seconds).toBe(BigInt(Math.floor(date.getTime() / 1000)));
      }),
    );
    for (const day of ["2025-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "2026-01-00"]) {
      expect(() => again({ at: `${day}T00:00:00Z` })).toThrow(/a timestamp is a text such as/);
    }
  });

  test("protobufjs makes the same JSON of the same bytes", () => {
    const { root } = protobufjs.parse(text);
    for (const name of ["timestamp", "duration", "wrappers", "struct", "field_mask"]) {
      root.addJSON(protobufjs.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
    }
    const theirs = root.lookupType("A");
    fc.assert(
      fc.property(
        fc.record(
          {
            n: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
            // JSON has no minus zero.
            d: fc.double().map((value) => value + 0),
            raw: fc
              .uint8Array()
              .map((bytes) => protobufjs.util.base64.encode(bytes, 0, bytes.length)),
            at: fc
              .tuple(
                fc.date({
                  min: new Date("0001-01-01T00:00:00Z"),
                  max: new Date("9999-12-31"),
                  noInvalidDate: true,
                }),
                fc.nat(999_999_999),
              )
              .map(
                ([date, nanos]) =>
                  `${date.toISOString().slice(0, 19)}.${`${nanos}`.padStart(9, "0")}Z`,
              ),
            took: fc
              .tuple(fc.integer(), fc.constantFrom("", ".5", ".000000001"))
              .map(([s, part]) => `${s}${part}s`),
            es: fc.array(fc.constantFrom("ZERO", "ONE")),
            counts: fc.dictionary(fc.constantFrom("a", "b"), fc.integer().map(String)),
          },
          { requiredKeys: [] },
        ),
        (value) => {
          const bytes = serde.serialize(value, "t");
          const expected: unknown = protojson.toJson(theirs, theirs.decode(bytes));
          expect(serde.deserialize(bytes, "t")).toEqual(JSON.parse(JSON.stringify(expected)));
        },
      ),
    );
  });
});

test("a field that the schema gives a name in JSON has that one", () => {
  const named = protobuf<unknown>(
    `syntax = "proto3"; message M { string kind = 1 [json_name = "@type"]; int32 so_many = 2; }`,
    { values: "json" },
  );
  const back = (value: {}): unknown => named.deserialize(named.serialize(value, "t"), "t");
  expect(back({ "@type": "x", soMany: 1 })).toStrictEqual({ "@type": "x", soMany: 1 });
  expect(back({ kind: "x", so_many: 1 })).toStrictEqual({ "@type": "x", soMany: 1 });
});
