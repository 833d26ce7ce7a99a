import { fromHex, toHex } from "@millrace/model";
import * as fc from "fast-check";
import protobufjs from "protobufjs";
import { describe, expect, test } from "vitest";

import { protobufFormat } from "../format/protobuf-format.ts";
import { MessageCodecs, SharedCodecs, type ValueForms } from "./message-codecs.ts";
import { MessagePlans } from "./message-plan.ts";
import { copyingReader } from "./wire.ts";

function codecOf(text: string, name: string, forms: Partial<ValueForms> = {}) {
  const { names } = protobufFormat.parse(text, []);
  const codecs = new MessageCodecs(
    new MessagePlans(names),
    {
      longs: "bigint",
      enums: "number",
      excessFields: "refuse",
      ...forms,
    },
    new SharedCodecs(),
  );
  const codec = codecs.get(name);
  return {
    write: (value: unknown): Uint8Array => {
      const writer = protobufjs.Writer.create();
      codec.encode(value, writer, 0);
      return Uint8Array.from(writer.finish());
    },
    read: (bytes: Uint8Array): unknown => {
      const reader = copyingReader(bytes, 0);
      return codec.decode(reader, reader.len, 0);
    },
  };
}

const all = `message All {
  double d = 1; float f = 2; int32 i32 = 3; int64 i64 = 4; uint32 u32 = 5; uint64 u64 = 6; sint32 s32 = 7;
  sint64 s64 = 8; fixed32 x32 = 9; fixed64 x64 = 10; sfixed32 sx32 = 11; sfixed64 sx64 = 12; bool b = 13;
  string s = 14; bytes y = 15; E e = 16; All m = 17;
  repeated int32 list = 18; repeated int64 longs = 19; repeated string texts = 20; repeated All all = 21;
  repeated E es = 22; map<string, int64> counts = 23; map<int64, All> by_long = 24; map<bool, E> by_bool = 25;
  oneof pick { string one_text = 26; int64 one_long = 27; All one_all = 28; }
  optional int32 maybe = 29;
  enum E { ZERO = 0; ONE = 1; MINUS = -1; }
}`;
const proto3 = `syntax = "proto3";\n${all}`;

describe("proto3", () => {
  const { read, write } = codecOf(proto3, "All");

  test("what is absent reads as zero, empty or, where presence is told, as absent", () => {
    expect(read(new Uint8Array())).toStrictEqual({
      d: 0,
      f: 0,
      i32: 0,
      i64: 0n,
      u32: 0,
      u64: 0n,
      s32: 0,
      s64: 0n,
      x32: 0,
      x64: 0n,
      sx32: 0,
      sx64: 0n,
      b: false,
      s: "",
      y: new Uint8Array(),
      e: 0,
      list: [],
      longs: [],
      texts: [],
      all: [],
      es: [],
      counts: {},
      byLong: {},
      byBool: {},
    });
  });

  test("floats are rounded to 32 bits, infinities and NaN are themselves", () => {
    expect(read(write({ f: 0.1 }))).toMatchObject({ f: Math.fround(0.1) });
    for (const f of [Infinity, -Infinity, Number.NaN])
      expect(read(write({ f }))).toMatchObject({ f });
  });

  test("zeros are not written, minus zero is", () => {
    expect(toHex(write(read(new Uint8Array())))).toBe("");
    expect(toHex(write({ d: -0, f: -0 }))).toBe("090000000000000080150000" + "0080");
  });

  test("a zero that was written is read", () => {
    expect(read(fromHex("1805" + "1800"))).toMatchObject({ i32: 0 });
  });

  test("fields with presence hold zero", () => {
    expect(toHex(write({ maybe: 0 }))).toBe("e80100");
    expect(read(fromHex("e80100"))).toMatchObject({ maybe: 0 });
    expect(read(fromHex("d80100"))).toMatchObject({ oneLong: 0n, pick: "oneLong" });
  });

  test("of a oneof the last member counts", () => {
    const value = read(fromHex("d80105d2010161"));
    expect(value).toMatchObject({ pick: "oneText", oneText: "a" });
    expect(value).not.toHaveProperty("oneLong");
  });

  test("lists are read packed and unpacked", () => {
    expect(read(fromHex("9201020102" + "900103"))).toMatchObject({ list: [1, 2, 3] });
    expect(read(fromHex("98010198" + "0102"))).toMatchObject({ longs: [1n, 2n] });
    expect(toHex(write({ list: [1, 2], es: [1, -1] }))).toBe(
      "92010201" + "02b2010b01ffffffffffffffffff01",
    );
  });

  test("messages that come twice are merged", () => {
    expect(read(fromHex("8a01021801" + "8a01022802"))).toMatchObject({ m: { i32: 1, u32: 2 } });
  });

  test("an entry of a map may lack its key or its value", () => {
    expect(read(fromHex("ba0100" + "c20100"))).toMatchObject({
      counts: { "": 0n },
      byLong: { 0: { s: "" } },
    });
  });

  test("a key __proto__ is a key", () => {
    const value = read(write({ counts: Object.fromEntries([["__proto__", 5n]]) }));
    const { counts } = value as { readonly counts: object };
    expect(Object.entries(counts)).toEqual([["__proto__", 5n]]);
    expect(Object.getPrototypeOf(counts)).toBe(Object.prototype);
  });

  test("unknown fields and fields of another wire type are passed over", () => {
    expect(read(fromHex("f00705" + "1a0161" + "2005"))).toMatchObject({
      i64: 5n,
      i32: 0,
    });
    expect(read(fromHex("fb070805" + "fc07" + "2005"))).toMatchObject({ i64: 5n });
  });

  test("bytes are copied, not views of the record", () => {
    const record = fromHex("7a0101");
    const { y } = read(record) as { readonly y: Uint8Array };
    record[2] = 9;
    expect(y).toEqual(Uint8Array.of(1));
  });

  test("PROTOBUF-3: all that is written is read again, as protobufjs reads it", () => {
    const theirs = protobufjs.parse(proto3).root.lookupType("All");
    fc.assert(
      fc.property(anyAll(2), (value) => {
        const bytes = write(value);
        expect(write(read(bytes))).toEqual(bytes);
        const plain = theirs.toObject(theirs.decode(bytes), { longs: String });
        expect(Uint8Array.from(theirs.encode(theirs.fromObject(plain)).finish())).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });
});

describe("PROTOBUF-5: longs", () => {
  const edges = [
    0n,
    1n,
    -1n,
    127n,
    128n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 63n - 1n,
    -(2n ** 63n),
  ];
  const { read, write } = codecOf(proto3, "All");

  test.each(["i64", "s64", "sx64"])("%s holds all of 64 bits with its sign", (name) => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...edges), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
        (value) => {
          expect(read(write({ [name]: value }))).toMatchObject({ [name]: value });
        },
      ),
    );
    expect(() => write({ [name]: 2n ** 63n })).toThrow(
      expect.objectContaining({ code: "INVALID_VALUE" }),
    );
  });

  test.each(["u64", "x64"])("%s holds all of 64 bits without a sign", (name) => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => {
        expect(read(write({ [name]: value }))).toMatchObject({ [name]: value });
      }),
    );
    expect(() => write({ [name]: -1n })).toThrow(/All\.u?x?64 takes/);
    expect(() => write({ [name]: -1 })).toThrow(/takes/);
  });

  test("as numbers they are exact, or refused", () => {
    const numbers = codecOf(proto3, "All", { longs: "number" });
    for (const name of ["i64", "s64", "sx64", "u64", "x64"]) {
      for (const value of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
        expect(numbers.read(numbers.write({ [name]: value }))).toMatchObject({ [name]: value });
      }
      expect(() => numbers.read(write({ [name]: 2n ** 53n }))).toThrow(/read it as a bigint/);
    }
    expect(numbers.read(numbers.write({ i64: -5, s64: -(2 ** 45) }))).toMatchObject({
      i64: -5,
      s64: -(2 ** 45),
    });
    expect(() => numbers.write({ i64: 2 ** 53 })).toThrow(/All\.i64 takes int64/);
    expect(() => numbers.write({ i64: 1.5 })).toThrow(/All\.i64 takes int64/);
  });
});

describe("values that do not fit", () => {
  const { write } = codecOf(proto3, "All");
  test.each([
    ["All.i32 takes int32", { i32: 1.5 }],
    ["All.i32 takes int32", { i32: 2 ** 31 }],
    ["All.u32 takes uint32", { u32: -1 }],
    ["All.s takes string", { s: 5 }],
    ["All.b takes bool", { b: 1 }],
    ["All.y takes bytes", { y: "eQ==" }],
    ["All.d takes double", { d: "1" }],
    ["All.e takes a constant of All.E", { e: "TWO" }],
    ["All is an object of its fields", { m: 5 }],
    ["All.list takes a list of int32", { list: 5 }],
    ["All.list takes a list of int32", { list: [1, "2"] }],
    ["All.counts takes an object of string to int64", { counts: { a: "b" } }],
    ["All.byLong takes an object of int64 to All", { byLong: { a: {} } }],
    ["All.byBool takes an object of bool to", { byBool: { yes: 1 } }],
    ['"oneText" and "oneLong" of the oneof "pick" are both set', { oneText: "a", oneLong: 1n }],
    ["All.s takes string", { m: { m: { s: 5 } } }],
    ["All.s takes string", { s: "half of \ud83d" }],
    ["All.texts takes a list of string", { texts: ["\udc00"] }],
    ["All.counts takes an object of string to int64", { counts: { "\ud800": 1n } }],
    ["All.f takes float", { f: 1e300 }],
    ["All is an object of its fields", { m: new Date(0) }],
    ["All is an object of its fields", { m: [] }],
    ["All is an object of its fields", { m: new Map() }],
    ["All is an object of its fields", { m: Uint8Array.of(1) }],
  ])("%s", (problem, value) => {
    expect(() => write(value)).toThrow(expect.objectContaining({ code: "INVALID_VALUE" }));
    expect(() => write(value)).toThrow(problem);
  });

  test("a value that holds itself is an error, not a hang", () => {
    const value: Record<string, unknown> = {};
    value["m"] = value;
    expect(() => write(value)).toThrow("messages nest deeper than 100 levels");
  });
});

describe("proto2", () => {
  const text = `syntax = "proto2";
    message A { required int32 id = 1; optional E e = 2; repeated int32 list = 3; repeated E es = 4;
      optional group G = 5 { optional string s = 1; } repeated group R = 6 { required int32 n = 1; }
      map<string, E> m = 7; optional string d = 8 [default = "x"]; enum E { ONE = 1; TWO = 2; } }`;
  const { read, write } = codecOf(text, "A");

  test("required fields are asked for, on both sides", () => {
    expect(() => write({})).toThrow("A.id is required, and not set");
    expect(() => read(new Uint8Array())).toThrow(
      expect.objectContaining({
        code: "MALFORMED",
        message: expect.stringContaining("A.id"),
      }),
    );
    expect(read(write({ id: 0 }))).toStrictEqual({ id: 0, list: [], es: [], r: [], m: {} });
  });

  test("lists are not packed", () => {
    expect(toHex(write({ id: 1, list: [1, 2] }))).toBe("080118011802");
  });

  test("a number without a name is unknown in a closed enum", () => {
    expect(read(fromHex("08011005" + "2001" + "2005" + "220102"))).toStrictEqual({
      id: 1,
      list: [],
      es: [1, 2],
      r: [],
      m: {},
    });
    expect(read(fromHex("0801" + "3a050a01611005" + "3a050a01621002"))).toMatchObject({
      m: { b: 2 },
    });
  });

  test("and is not written", () => {
    expect(() => write({ id: 1, e: 5 })).toThrow("A.e takes a constant of A.E, not 5");
  });

  test("groups are read and written", () => {
    const value = { id: 1, g: { s: "a" }, r: [{ n: 1 }, { n: 2 }] };
    expect(read(write(value))).toMatchObject(value);
    expect(toHex(write({ id: 1, g: { s: "a" } }))).toBe("08012b0a01612c");
    expect(() => read(fromHex("08012b0a0161"))).toThrow();
    expect(() => read(fromHex("08012b0a016134"))).toThrow();
  });
});

describe("editions", () => {
  test("presence, packing, closed enums and delimited messages are what features say", () => {
    const { read, write } = codecOf(
      `edition = "2023";
       message A { int32 e = 1; int32 i = 2 [features.field_presence = IMPLICIT];
         int32 q = 3 [features.field_presence = LEGACY_REQUIRED]; repeated int32 u = 4 [features.repeated_field_encoding = EXPANDED];
         repeated int32 p = 5; A d = 6 [features.message_encoding = DELIMITED]; C c = 7;
         enum C { option features.enum_type = CLOSED; Z = 0; } }`,
      "A",
    );
    expect(toHex(write({ e: 0, i: 0, q: 0, u: [1, 2], p: [1, 2], d: { q: 1 } }))).toBe(
      "08001800200120022a0201023318" + "0134",
    );
    expect(read(fromHex("18003805"))).toStrictEqual({ q: 0, i: 0, u: [], p: [] });
  });

  test("an edition that nobody knows is told", () => {
    expect(() => codecOf('edition = "2099"; message A {}', "A")).toThrow(/edition 2099 is unknown/);
  });
});

describe("enums by name", () => {
  const { read, write } = codecOf(proto3, "All", { enums: "name" });

  test("constants are names, and what has none stays a number", () => {
    expect(
      read(write({ e: "ONE", es: ["MINUS", 7, "ZERO"], byBool: { true: "ONE" } })),
    ).toMatchObject({
      e: "ONE",
      es: ["MINUS", 7, "ZERO"],
      byBool: { true: "ONE" },
    });
    expect(read(new Uint8Array())).toMatchObject({ e: "ZERO" });
    expect(toHex(write({ e: "ZERO" }))).toBe("");
  });
});

describe("well-known types", () => {
  const { read, write } = codecOf(
    `syntax = "proto3";
     message A { google.protobuf.Timestamp at = 1; google.protobuf.Duration took = 2; google.protobuf.StringValue s = 3;
       google.protobuf.Int64Value n = 4; repeated google.protobuf.BoolValue list = 5; google.protobuf.Struct struct = 6;
       google.protobuf.Value value = 7; google.protobuf.ListValue values = 8; google.protobuf.Any any = 9;
       google.protobuf.FieldMask mask = 10; google.protobuf.Empty empty = 11; map<string, google.protobuf.Value> m = 12; }`,
    "A",
  );

  test("each has its form", () => {
    const value = {
      at: { seconds: 1_700_000_000n, nanos: 123_456_789 },
      took: { seconds: -5n, nanos: -1 },
      s: "",
      n: 2n ** 60n,
      list: [true, false],
      struct: { a: [1, "b", null, { c: true }], b: -0.5 },
      value: null,
      values: [[], {}, ""],
      any: { typeUrl: "type.googleapis.com/x.Y", value: Uint8Array.of(1) },
      mask: { paths: ["a.b"] },
      empty: {},
      m: { a: null, b: 1 },
    };
    expect(read(write(value))).toStrictEqual(value);
  });

  test("protobufjs reads the same", () => {
    const theirs = protobufjs.parse(
      'syntax = "proto3"; import "google/protobuf/struct.proto"; message A { google.protobuf.Struct struct = 6; google.protobuf.Value value = 7; }',
    ).root;
    theirs.addJSON(protobufjs.common.get("google/protobuf/struct.proto")?.nested ?? {});
    const bytes = write({ struct: { a: [1, null, "x", { b: true }] }, value: "v" });
    const message = theirs.lookupType("A").toObject(theirs.lookupType("A").decode(bytes));
    expect(message).toMatchObject({
      struct: {
        fields: { a: { listValue: { values: [{ numberValue: 1 }, { nullValue: 0 }, {}, {}] } } },
      },
      value: { stringValue: "v" },
    });
  });

  test("what is no JSON is refused", () => {
    for (const struct of [
      [],
      "a",
      new Map(),
      { a: 5n },
      { a: () => 1 },
      new Date(),
      { a: "\ud800" },
      { "\udc00": 1 },
    ]) {
      expect(() => write({ struct })).toThrow(expect.objectContaining({ code: "INVALID_VALUE" }));
    }
    const circle: Record<string, unknown> = {};
    circle["a"] = circle;
    expect(() => write({ struct: circle })).toThrow(/nest deeper/);
  });
});

test("two fields of one name in TypeScript are refused", () => {
  const text = 'syntax = "proto3"; message A { int32 a_b = 1; int32 aB = 2; }';
  expect(() => codecOf(text, "A")).toThrow(/two fields of "A" are "aB"/);
});

test("messages that hold each other are compiled", () => {
  const { read, write } = codecOf(
    'syntax = "proto3"; message A { B b = 1; } message B { repeated A a = 1; }',
    "A",
  );
  expect(read(write({ b: { a: [{}, { b: {} }] } }))).toStrictEqual({
    b: { a: [{}, { b: { a: [] } }] },
  });
});

function anyAll(depth: number): fc.Arbitrary<Record<string, unknown>> {
  const int32 = fc.integer();
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  const uint64 = fc.bigInt(0n, 2n ** 64n - 1n);
  const text = fc.string({ unit: "grapheme" });
  const kind = fc.constantFrom(0, 1, -1);
  const scalars = {
    d: fc.double({ noNaN: true }),
    f: fc.float({ noNaN: true }),
    i32: int32,
    i64: int64,
    u32: uint32,
    u64: uint64,
    s32: int32,
    s64: int64,
    x32: uint32,
    x64: uint64,
    sx32: int32,
    sx64: int64,
    b: fc.boolean(),
    s: text,
    y: fc.uint8Array(),
    e: kind,
    list: fc.array(int32),
    longs: fc.array(int64),
    texts: fc.array(text),
    es: fc.array(kind),
    counts: fc.dictionary(fc.constantFrom("x", "y", "__proto__", ""), int64),
    byBool: fc.dictionary(fc.constantFrom("true", "false"), kind),
    maybe: int32,
  };
  const nested: Record<string, fc.Arbitrary<unknown>> = depth === 0
    ? {}
    : { m: anyAll(depth - 1), all: fc.array(anyAll(depth - 1), { maxLength: 2 }) };
  const pick: Record<string, fc.Arbitrary<unknown>> = depth === 0
    ? { oneText: text }
    : { oneAll: anyAll(depth - 1) };
  return fc.record({ ...scalars, ...nested, ...pick }, { requiredKeys: [] });
}

test("messages that are alike in two versions of a schema are compiled once, others are not", () => {
  const shared = new SharedCodecs();
  const codecsOf = (text: string): MessageCodecs => {
    const { names } = protobufFormat.parse(`syntax = "proto3"; ${text}`, []);
    const forms: ValueForms = { longs: "bigint", enums: "number", excessFields: "refuse" };
    return new MessageCodecs(new MessagePlans(names), forms, shared);
  };
  const same =
    "message In { int32 n = 1; E e = 2; } enum E { Z = 0; } message Self { Self s = 1; }";
  const before = codecsOf(
    `message A { In i = 1; Other o = 2; } ${same} message Other { int32 n = 1; }`,
  );
  const after = codecsOf(
    `\n\nmessage B {} message A { In i = 1; Other o = 2; } ${same} message Other { int64 n = 1; }`,
  );
  expect(after.get("In")).toBe(before.get("In"));
  for (const name of ["Other", "A", "Self"]) expect(after.get(name)).not.toBe(before.get(name));
  expect(after.get("Self")).toBe(after.get("Self"));
});
