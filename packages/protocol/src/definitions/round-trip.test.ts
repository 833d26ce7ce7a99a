import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as protocol from "./index.ts";
import { messagesOf } from "../../test-support/messages-of.ts";
import { ProtocolError } from "../protocol-error.ts";
import { uuidFromBytes } from "../wire/uuid.ts";
import { decodeMessage, encodeMessage } from "../schema/codec.ts";
import { defaultOf, isNullable, isPresent } from "../schema/field-defaults.ts";
import type { Field, Fields } from "../schema/field.ts";
import type { Message } from "../schema/message.ts";
import { zeroUuid } from "../wire/uuid.ts";

const messages = [...new Set(Object.values(protocol).flatMap(messagesOf))];

function versionsOf({ versions }: Message): number[] {
  return Array.from(
    { length: versions.max - versions.min + 1 },
    (_, index) => versions.min + index,
  );
}

/** Every message in every version. */
const cases = messages.flatMap((message) =>
  versionsOf(message).map((version) => ({ message, version })),
);

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => uuidFromBytes(bytes));

function scalarValues(field: Field): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case "bool":
      return fc.boolean();
    case "int8":
      return fc.integer({ min: -128, max: 127 });
    case "int16":
      return fc.integer({ min: -32768, max: 32767 });
    case "uint16":
      return fc.integer({ min: 0, max: 65535 });
    case "uint32":
      return fc.integer({ min: 0, max: 0xffffffff });
    case "int64":
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 63, -(2 ** 63), 0, -1));
    case "float64":
      return fc.double();
    case "uuid":
      return fc.oneof(id, fc.constant(zeroUuid));
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 40 });
    case "bytes":
    case "records":
      return fc.uint8Array({ maxLength: 700 });
    default:
      return fc.integer();
  }
}

/** Values of a field that a version can carry. */
function valuesOf(field: Field, version: number): fc.Arbitrary<unknown> {
  const values =
    field.kind === "struct"
      ? structs(field.fields ?? {}, version)
      : field.kind === "array" && field.element !== undefined
        ? fc.array(valuesOf(field.element, version), { maxLength: 2 })
        : scalarValues(field);
  return isNullable(field.options, version) ? fc.option(values, { freq: 4 }) : values;
}

/** What decoding gives: fields that the version lacks have their default. */
function structs(fields: Fields, version: number): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        isPresent(field.options, version)
          ? valuesOf(field, version)
          : fc.constant(defaultOf(field)),
      ]),
    ),
  );
}

/** The error that decoding must give, if any; all others fly on. */
function decodeHostile(
  message: Message,
  version: number,
  bytes: Uint8Array,
): ProtocolError | undefined {
  try {
    decodeMessage(message, version, bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

describe("messages", () => {
  it("PROTOCOL-2: what is encoded decodes to itself, in every version of every message", () => {
    for (const { message, version } of cases) {
      fc.assert(
        fc.property(structs(message.fields, version), (value) => {
          const bytes = encodeMessage(message, version, value);
          expect(decodeMessage(message, version, bytes)).toEqual(value);
          return true;
        }),
        { numRuns: 4 },
      );
    }
  });

  it("PROTOCOL-2: bytes behind a message are overlooked", () => {
    const bytes = encodeMessage(protocol.heartbeatResponse, 4, { errorCode: 27 });
    const longer = Uint8Array.of(...bytes, 1, 2, 3);
    expect(decodeMessage(protocol.heartbeatResponse, 4, longer).errorCode).toBe(27);
  });

  it("PROTOCOL-1: a message cut anywhere throws ProtocolError alone", () => {
    for (const { message, version } of cases) {
      fc.assert(
        fc.property(structs(message.fields, version), fc.nat(), (value, cut) => {
          const bytes = encodeMessage(message, version, value);
          const length = bytes.length === 0 ? 0 : cut % bytes.length;
          if (length < bytes.length) {
            expect(decodeHostile(message, version, bytes.subarray(0, length))?.code).toBe(
              "MALFORMED_MESSAGE",
            );
          }
        }),
        { numRuns: 2 },
      );
    }
  });

  it("PROTOCOL-1: any bytes decode or throw ProtocolError", () => {
    const hostile = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc.constantFrom(
          [0x7f, 0xff, 0xff, 0xff],
          [0xff, 0xff, 0xff, 0xff, 0x0f],
          [0, 0, 0, 2],
          [0xff],
          [0],
        ),
      ),
      { maxLength: 12 },
    );
    for (const { message, version } of cases) {
      fc.assert(
        fc.property(hostile, (parts) => {
          decodeHostile(message, version, Uint8Array.from(parts.flatMap((part) => [...part])));
        }),
        { numRuns: 8 },
      );
    }
  });

  it("PROTOCOL-1: a list that claims more than the bytes left is refused before it is made", () => {
    const claim = Uint8Array.of(0x7f, 0xff, 0xff, 0xff, ...new Uint8Array(100_000));
    expect(() => decodeMessage(protocol.metadataRequest, 1, claim)).toThrow(
      /claims 2147483647 elements/,
    );
    // A topic of Metadata 1 has two bytes at least: 60,000 do not fit into 100,000.
    const modest = Uint8Array.of(0, 0, 0xea, 0x60, ...new Uint8Array(100_000));
    expect(() => decodeMessage(protocol.metadataRequest, 1, modest)).toThrow(
      /claims 60000 elements/,
    );
  });
});
