import { fromHex, toHex } from "@millrace/model";
import * as fc from "fast-check";
import protobufjs from "protobufjs";
import { describe, expect, expectTypeOf, test } from "vitest";

import { protobuf, type ProtobufMessage } from "./protobuf.ts";

const shop = `syntax = "proto3"; package shop;
message Order { string id = 1; int64 cents = 2; repeated Line lines = 3; State state = 4; google.protobuf.Timestamp at = 5; bytes raw = 6;
  message Line { string sku = 1; Order gift = 2; } enum State { NEW = 0; PAID = 1; } }
message Refund { string id = 1; }`;

interface Order {
  readonly id: string;
  readonly cents: bigint;
}

describe("by a schema's text", () => {
  test("the type is the one that the program gives, or unknown", () => {
    expectTypeOf(protobuf<Order>(shop, { message: "Order" }).deserialize).returns.toEqualTypeOf<
      Order & {}
    >();
    const untyped = protobuf(shop, { message: "Order" });
    expectTypeOf(untyped.deserialize).returns.toEqualTypeOf<ProtobufMessage & {}>();
  });

  test.each(["Order", "shop.Order", ".shop.Order"])("the message is named %s", (message) => {
    const serde = protobuf<Order>(shop, { message });
    const bytes = serde.serialize({ id: "a", cents: 5n }, "orders");
    expect(toHex(bytes)).toBe("0a01611005");
    expect(serde.deserialize(bytes, "orders")).toMatchObject({ id: "a", cents: 5n, lines: [] });
    expect(serde.name).toBe("protobuf");
  });

  test("a nested message may be meant", () => {
    const serde = protobuf(shop, { message: "Order.Line" });
    expect(toHex(serde.serialize({ sku: "s" }, "lines"))).toBe("0a0173");
  });

  test("the only message needs no name", () => {
    const serde = protobuf('syntax = "proto3"; message A { int32 n = 1; }');
    expect(toHex(serde.serialize({ n: 1 }, "t"))).toBe("0801");
  });

  test("of several one must be named, and it must be there", () => {
    expect(() => protobuf(shop)).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_MESSAGE",
        message:
          'the Protobuf schema has several messages (shop.Order, shop.Refund); name one: { message: "shop.Order" }',
      }),
    );
    expect(() => protobuf(shop, { message: "Sale" })).toThrow(
      'the Protobuf schema has no message "Sale"; it has shop.Order, shop.Refund',
    );
    expect(() => protobuf(shop, { message: "Order.State" })).toThrow(/no message "Order\.State"/);
    expect(() => protobuf('syntax = "proto3"; enum E { A = 0; }')).toThrow(/has no message/);
  });

  test("imports are given as references, with their own", () => {
    const serde = protobuf('syntax = "proto3"; import "b.proto"; message A { b.B b = 1; }', {
      references: [
        {
          name: "b.proto",
          schema: 'syntax = "proto3"; package b; import "c.proto"; message B { c.C c = 1; }',
          references: [
            { name: "c.proto", schema: 'syntax = "proto3"; package c; message C { int32 n = 1; }' },
          ],
        },
      ],
    });
    expect(toHex(serde.serialize({ b: { c: { n: 7 } } }, "t"))).toBe("0a040a020807");
  });

  test("a file that passes another one on stands for it", () => {
    const serde = protobuf('syntax = "proto3"; import public "a.proto";', {
      references: [{ name: "a.proto", schema: 'syntax = "proto3"; message A { int32 n = 1; }' }],
    });
    expect(serde.deserialize(fromHex("0805"), "t")).toEqual({ n: 5 });
  });

  test("a descriptor does as well", () => {
    const serde = protobuf("CgdkZWZhdWx0EgRzaG9wIhEKBU9yZGVyEggKAmlkGAEoCWIGcHJvdG8z");
    expect(serde.deserialize(fromHex("0a0161"), "t")).toEqual({ id: "a" });
  });

  test("longs and enums are held as the program wants", () => {
    const serde = protobuf(shop, { message: "Order", longs: "number", enums: "name" });
    const bytes = serde.serialize({ cents: 5, state: "PAID" }, "t");
    expect(serde.deserialize(bytes, "t")).toMatchObject({ cents: 5, state: "PAID" });
  });

  test("a schema that is invalid, and options that are wrong, are told at once", () => {
    expect(() => protobuf("message {")).toThrow(
      expect.objectContaining({ code: "INVALID_SCHEMA" }),
    );
    // @ts-expect-error: no such option
    expect(() => protobuf(shop, { massage: "Order" })).toThrow(
      expect.objectContaining({ code: "UNKNOWN_OPTION" }),
    );
    // @ts-expect-error: no such form
    expect(() => protobuf(shop, { message: "Order", longs: "string" })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
    expect(() =>
      // @ts-expect-error: a text is missing
      protobuf(shop, { message: "Order", references: [{ name: "a.proto" }] }),
    ).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });

  test("what is written while another value is written is not mixed up with it", () => {
    const serde = protobuf(shop, { message: "Order" });
    const bytes = serde.serialize(
      {
        id: "a",
        get lines() {
          return [{ sku: toHex(serde.serialize({ id: "inner" }, "t")) }];
        },
      },
      "t",
    );
    expect(serde.deserialize(bytes, "t")).toMatchObject({
      id: "a",
      lines: [{ sku: "0a05696e6e6572" }],
    });
  });

  test("after a value that does not fit the next one is written as ever", () => {
    const serde = protobuf(shop, { message: "Order" });
    expect(() => serde.serialize({ lines: [{ sku: 5 }] }, "t")).toThrow(/shop\.Order\.Line\.sku/);
    expect(toHex(serde.serialize({ id: "a" }, "t"))).toBe("0a0161");
  });
});

describe("by a class", () => {
  const type = protobufjs
    .parse(shop.replace("google.protobuf.Timestamp at = 5;", ""))
    .root.lookupType("shop.Order");

  const decodeBytes = (bytes: Uint8Array | protobufjs.Reader): protobufjs.Message => {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("illegal buffer");
    return type.decode(bytes);
  };

  test("its values are those of the class", () => {
    const serde = protobuf<{ id: string }>(type);
    const bytes = serde.serialize({ id: "a" }, "t");
    expect(toHex(bytes)).toBe("0a0161");
    expect(serde.deserialize(bytes, "t")).toBeInstanceOf(type.ctor);
  });

  test("a generated class tells its type", () => {
    class Point {
      x = 0;
      static encode(point: { x: number }, writer = protobufjs.Writer.create()): protobufjs.Writer {
        return writer.uint32(8).int32(point.x);
      }
      static decode(bytes: Uint8Array | protobufjs.Reader): Point {
        if (!(bytes instanceof Uint8Array)) throw new TypeError("illegal buffer");
        return Object.assign(new Point(), { x: bytes[1] });
      }
    }
    const serde = protobuf(Point);
    expectTypeOf(serde.deserialize).returns.toEqualTypeOf<Point & {}>();
    expect(serde.deserialize(serde.serialize({ x: 5 }, "t"), "t")).toEqual({ x: 5 });
  });

  test.each([
    ["of this protobufjs", type],
    [
      "of another one",
      { ...type, fullName: "shop.Order", encode: type.encode, decode: decodeBytes },
    ],
  ])("what a class %s keeps of the bytes is not the record's", (_whose, given) => {
    const serde = protobuf<{ raw: Uint8Array }>(given);
    const record = Buffer.from("320101", "hex");
    const { raw } = serde.deserialize(record, "t");
    record[2] = 9;
    expect(raw[0]).toBe(1);
  });

  test("what it throws is told with the message's name", () => {
    expect(() => protobuf(type).deserialize(fromHex("0a05"), "t")).toThrow(
      expect.objectContaining({
        code: "MALFORMED",
        message: expect.stringContaining("shop.Order"),
      }),
    );
  });
});

describe("PROTOBUF-4: hostile bytes are an error with a name, within bounds", () => {
  const serde = protobuf(shop, { message: "Order" });
  const nested = (depth: number): Uint8Array => {
    let bytes: Uint8Array = Uint8Array.of();
    for (let level = 0; level < depth; level++) {
      const line = protobufjs.Writer.create().uint32(18).bytes(bytes).finish();
      bytes = protobufjs.Writer.create().uint32(26).bytes(line).finish();
    }
    return bytes;
  };
  test.each([
    ["a text cut off", "0a0561"],
    ["a text of 2 GB in five bytes", "0affffffff07"],
    ["bytes of 4 GB", "32ffffffff0f"],
    ["bytes of a length of ten bytes", "32ffffffffffffffffff01"],
    ["a list of messages cut off", "1a7f0a01"],
    ["a varint without an end", "10ffffffffffffffffffffff"],
    ["a varint cut off", "1080"],
    ["a field with number 0", "0001"],
    ["a tag of six bytes", "ffffffffffff01"],
    ["wire type 6", "0e"],
    ["wire type 7", "0f"],
    ["the end of a group that never began", "0c"],
    ["a group without an end", "7b0805"],
    ["a group that another one's end ends", "7b080584"],
    ["10,000 groups", "7b".repeat(10_000)],
    ["text that is no UTF-8", "0a02c328"],
    ["a message that ends within a field of its own", "1a020a05" + "6161616161"],
  ])("%s", (_name, hex) => {
    expect(() => serde.deserialize(fromHex(hex), "t")).toThrow(
      expect.objectContaining({ code: "MALFORMED" }),
    );
  });

  test("messages nested 10,000 deep", () => {
    expect(() => serde.deserialize(nested(5_000), "t")).toThrow(
      "the bytes are no shop.Order: messages nest deeper than 100 levels",
    );
    expect(() => serde.deserialize(nested(49), "t")).not.toThrow();
  });

  test("a struct nested 10,000 deep", () => {
    const json = protobuf('syntax = "proto3"; message A { google.protobuf.Value v = 1; }');
    const heads: Uint8Array[] = [];
    let length = 0;
    const enclose = (tag: number): void => {
      const head = protobufjs.Writer.create().uint32(tag).uint32(length).finish();
      heads.unshift(head);
      length += head.length;
    };
    for (let level = 0; level < 10_000; level++) for (const tag of [10, 50]) enclose(tag);
    enclose(10);
    expect(() => json.deserialize(Buffer.concat(heads), "t")).toThrow(
      /nest deeper than 100 levels/,
    );
  });

  test("a field of another wire type is one that is unknown", () => {
    expect(serde.deserialize(fromHex("0805" + "120161" + "1005"), "t")).toMatchObject({
      id: "",
      cents: 5n,
    });
  });

  test("whatever the bytes, a value or a ProtobufError, and what is read is written again", () => {
    const numRuns = process.env["MILLRACE_VERIFY"] === "1" ? 200_000 : 5_000;
    const good = serde.serialize(
      {
        id: "order",
        cents: 2n ** 62n,
        lines: [{ sku: "a", gift: { id: "b" } }],
        state: 1,
        at: { seconds: 1n },
      },
      "t",
    );
    const changed = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
      .map((changes) => {
        const bytes = Uint8Array.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const cut = fc.nat(good.length).map((end) => good.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), changed, cut), (bytes) => {
        let value;
        try {
          value = serde.deserialize(bytes, "t");
        } catch (error) {
          expect(error).toMatchObject({ code: "MALFORMED" });
          return;
        }
        expect(serde.deserialize(serde.serialize(value, "t"), "t")).toEqual(value);
      }),
      { numRuns },
    );
  }, 300_000);
});
