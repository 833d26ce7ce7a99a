import { encodeUtf8 } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../protocol-error.ts";
import { crc32c } from "./crc32c.ts";
import { readInt64, writeInt64 } from "./int64.ts";
import { Reader } from "./reader.ts";
import { uuidFromBytes, uuidToBytes, zeroUuid } from "./uuid.ts";
import {
  sizeOfUnsignedVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarlong,
} from "./varint.ts";
import { Writer } from "./writer.ts";

const longMax = 2n ** 63n - 1n;
const longMin = -(2n ** 63n);

/** What Java would hold: saturated, whole. */
function toLong(value: number): bigint {
  const whole = BigInt(Math.floor(value));
  return whole > longMax ? longMax : whole < longMin ? longMin : whole;
}

/** Kafka's zig-zag varlong by big integers. */
function varlongBytes(value: bigint): number[] {
  let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; bits > 127n; bits >>= 7n) bytes.push(Number(bits & 127n) | 128);
  return [...bytes, Number(bits)];
}

const int64s = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.bigInt({ min: longMin, max: longMax }).map(Number),
  fc.constantFrom(2 ** 63, -(2 ** 63), 1e300, -1e300, Infinity, -Infinity, 2 ** 62, -(2 ** 31) - 1),
);

describe("crc32c", () => {
  it("knows the check value", () => {
    expect(crc32c(encodeUtf8("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });

  it("is the same in one go and in two, at any alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
        const cut = Math.min(at, bytes.length);
        expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes));
      }),
    );
  });
});

describe("int64", () => {
  it("writes what Java has, saturated, and reads the nearest number", () => {
    fc.assert(
      fc.property(int64s, (value) => {
        const writer = new Writer();
        if (Number.isFinite(value)) {
          writer.writeInt64(value);
          const bytes = writer.toBytes();
          expect(new DataView(bytes.buffer).getBigInt64(0)).toBe(toLong(value));
          expect(new Reader(bytes).readInt64()).toBe(Number(toLong(value)));
        }
        const loose = new Uint8Array(8);
        writeInt64(loose, 0, value);
        expect(readInt64(loose, 0)).toBe(Math.max(-(2 ** 63), Math.min(2 ** 63, value)));
      }),
    );
  });

  it("refuses what is no number", () => {
    expect(() => new Writer().writeInt64(NaN)).toThrow(ProtocolError);
  });
});

describe("varints", () => {
  it("have the bytes of Java's varlong, and their size is known before", () => {
    fc.assert(
      fc.property(int64s, (value) => {
        const bytes = new Uint8Array(12);
        const end = writeVarlong(bytes, 0, value);
        const expected = Number.isFinite(value) ? toLong(value) : value > 0 ? longMax : longMin;
        expect([...bytes.subarray(0, end)]).toEqual(varlongBytes(expected));
        expect(sizeOfVarlong(value)).toBe(end);
        expect(new Reader(bytes).readVarlong()).toBe(Number(expected));
      }),
    );
  });

  it("round trip, signed and unsigned", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const writer = new Writer(1);
        writer.writeVarint(value);
        writer.writeUnsignedVarint(value >>> 0);
        const reader = new Reader(writer.toBytes());
        expect(reader.readVarint()).toBe(value);
        expect(reader.readUnsignedVarint()).toBe(value >>> 0);
        expect(writeUnsignedVarint(new Uint8Array(5), 0, value)).toBe(sizeOfUnsignedVarint(value));
      }),
    );
  });

  it("that never end are refused", () => {
    const endless = new Uint8Array(20).fill(0xff);
    expect(() => new Reader(endless).readUnsignedVarint()).toThrow(/five bytes/);
    expect(() => new Reader(endless).readVarlong()).toThrow(/ten bytes/);
    expect(() => new Reader(endless.subarray(0, 3)).readVarint()).toThrow(ProtocolError);
  });
});

describe("uuid", () => {
  it("prints as Kafka does and comes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = uuidFromBytes(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("base64url"));
        expect(uuidToBytes(text)).toEqual(bytes);
      }),
    );
    expect(uuidFromBytes(new Uint8Array(16))).toBe(zeroUuid);
  });

  it("refuses other texts", () => {
    for (const text of ["", "short", "A".repeat(23), `${"A".repeat(21)}+`, `${"A".repeat(21)}é`]) {
      expect(() => uuidToBytes(text)).toThrow(/is no id/);
    }
  });
});

describe("reader and writer", () => {
  it("PROTOCOL-1: no read goes beyond the end", () => {
    const reads: ((reader: Reader) => unknown)[] = [
      (reader) => reader.readInt8(),
      (reader) => reader.readBoolean(),
      (reader) => reader.readInt16(),
      (reader) => reader.readUint16(),
      (reader) => reader.readInt32(),
      (reader) => reader.readInt64(),
      (reader) => reader.readFloat64(),
      (reader) => reader.readUuid(),
      (reader) => reader.readText(1),
      (reader) => reader.readView(1),
      (reader) => reader.readView(-1),
      (reader) => reader.skip(2 ** 32 - 1),
    ];
    for (const read of reads)
      expect(() => read(new Reader(Uint8Array.of(1), 1))).toThrow(ProtocolError);
  });

  it("keeps texts of any length and script", () => {
    const textOf = (...units: string[]) =>
      fc.string({ unit: fc.constantFrom(...units), maxLength: 80 });
    const any = fc.string({ unit: "grapheme", maxLength: 80 });
    fc.assert(
      fc.property(fc.oneof(textOf("k"), textOf("k", "é"), textOf("k", "語"), any), (text) => {
        const writer = new Writer(4);
        writer.writeString(text);
        writer.writeCompactString(text);
        const reader = new Reader(writer.toBytes());
        expect(reader.readText(reader.readInt16())).toBe(text);
        expect(reader.readText(reader.readCompactLength())).toBe(text);
      }),
    );
  });

  it("PROTOCOL-4: large byte fields are parts of their own", () => {
    const large = new Uint8Array(1000);
    const writer = new Writer(8);
    writer.writeInt32(0);
    writer.writeRaw(large);
    writer.writeInt8(1);
    writer.patchInt32AtStart(writer.size);
    expect(writer.parts().map((part) => part.length)).toEqual([4, 1000, 1]);
    expect(writer.parts()[1]).toBe(large);
    expect(new Reader(writer.toBytes()).readInt32()).toBe(1005);
  });
});
