import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { protobufFormat } from "../format/protobuf-format.ts";

const numRuns = process.env["MILLRACE_VERIFY"] === "1" ? 1_000 : 100;

interface Field {
  readonly label: string;
  readonly type: string;
  readonly number: number;
  readonly oneof: string;
}

const types = [
  "int32",
  "uint64",
  "sint32",
  "string",
  "bytes",
  "bool",
  "double",
  "fixed32",
  "E",
  "M1",
  "map<string, int32>",
  "map<int32, M0>",
];

const anyField = fc.record({
  label: fc.constantFrom("", "optional ", "repeated "),
  type: fc.constantFrom(...types),
  number: fc.integer({ min: 1, max: 12 }),
  oneof: fc.constantFrom("", "", "", "p", "q"),
});

const anyMessage = fc.uniqueArray(anyField, { selector: ({ number }) => number, maxLength: 8 });
const anySchema = fc.tuple(anyMessage, anyMessage);
type Schema = readonly (readonly Field[])[];

function textOf(messages: Schema): string {
  const bodies = messages.map((fields, index) => {
    const member = ({ type, number }: Field): string => `${type} f${number} = ${number};`;
    const isMember = ({ oneof, type }: Field): boolean => oneof !== "" && !type.startsWith("map");
    const plain = fields
      .filter((field) => !isMember(field))
      .map((field) => {
        return `${field.type.startsWith("map") ? "" : field.label}${member(field)}`;
      });
    const oneofs = ["p", "q"].flatMap((name) => {
      const members = fields.filter((field) => isMember(field) && field.oneof === name);
      return members.length === 0 ? [] : [`oneof ${name} { ${members.map(member).join(" ")} }`];
    });
    return `message M${index} { ${[...plain, ...oneofs].join(" ")} }`;
  });
  return `syntax = "proto3"; package p; ${bodies.join("\n")} enum E { ZERO = 0; ONE = 1; }`;
}

function differences(reader: string, writer: string) {
  const parsed = protobufFormat.parse(reader, []);
  return parsed.differencesFrom(protobufFormat.parse(writer, []));
}

function hindrances(reader: string, writer: string): readonly string[] {
  return differences(reader, writer)
    .filter(({ isAllowed }) => !isAllowed)
    .map(({ kind, path }) => `${kind} ${path}`);
}

describe("PROTOBUF-2: the checker", { timeout: 300_000 }, () => {
  test("finds nothing between a schema and itself, or another spelling of it", () => {
    fc.assert(
      fc.property(anySchema, (messages) => {
        const text = textOf(messages);
        expect(differences(text, text)).toEqual([]);
        const schema = protobufFormat.parse(text, []);
        for (const other of [schema.normalized(), schema.formatted("serialized")]) {
          expect(hindrances(text, other)).toEqual([]);
          expect(hindrances(other, text)).toEqual([]);
        }
      }),
      { numRuns },
    );
  });

  test("lets a new field that is in no oneof pass both ways, and names it", () => {
    fc.assert(
      fc.property(anySchema, anyField, (messages, added) => {
        const field = { ...added, number: 20, oneof: "" };
        const before = textOf(messages);
        const after = textOf([[...messages[0], field], messages[1]]);
        expect(differences(after, before)).toMatchObject([
          { kind: "FIELD_ADDED", path: "#/M0/20", isAllowed: true },
        ]);
        expect(differences(before, after)).toMatchObject([
          { kind: "FIELD_REMOVED", path: "#/M0/20", isAllowed: true },
        ]);
      }),
      { numRuns },
    );
  });

  test("lets a new member of a oneof pass one way alone", () => {
    fc.assert(
      fc.property(anySchema, anyField, (messages, added) => {
        const member = { number: 20, oneof: "p", label: "", type: "string" };
        const other = { ...member, number: 21 };
        const rest = [...messages[0].filter(({ oneof }) => oneof !== "p"), other];
        const before = textOf([rest, messages[1]]);
        const after = textOf([[...rest, { ...member, label: added.label }], messages[1]]);
        expect(hindrances(after, before)).toEqual([]);
        expect(hindrances(before, after)).toEqual(["ONEOF_FIELD_REMOVED #/M0/p/20"]);
      }),
      { numRuns },
    );
  });

  test("sees a change of a scalar from either side", () => {
    fc.assert(
      fc.property(anySchema, anySchema, (one, other) => {
        const scalarChanges = (found: readonly string[]): readonly string[] =>
          found
            .filter((text) => text.startsWith("FIELD_SCALAR_KIND_CHANGED"))
            .map((text) => text.replace(/\/[pq]\//, "/"))
            .sort();
        expect(scalarChanges(hindrances(textOf(one), textOf(other)))).toEqual(
          scalarChanges(hindrances(textOf(other), textOf(one))),
        );
      }),
      { numRuns },
    );
  });

  test("lets messages change places", () => {
    fc.assert(
      fc.property(anySchema, (messages) => {
        const text = textOf(messages);
        const swapped = text.replace(
          /message M0 (.*)\nmessage M1 (.*?)(?= enum)/s,
          "message M1 $2\nmessage M0 $1",
        );
        expect(hindrances(swapped, text)).toEqual([]);
      }),
      { numRuns },
    );
  });
});

describe("schemas are compared in time", () => {
  test("with tens of thousands of messages, in another order", () => {
    const messages = Array.from({ length: 20_000 }, (_, index) => `message M${index} {}`);
    const parse = (all: readonly string[]) =>
      protobufFormat.parse(`syntax = "proto3"; ${all.join("\n")}`, []);
    const found = parse(messages).differencesFrom(parse(messages.toReversed()));
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(["MESSAGE_MOVED"]));
  });

  test("with messages of another file that each name the next one twice", () => {
    const depth = 60;
    const message = (index: number) =>
      index === depth
        ? `message M${index} { int32 a = 1; }`
        : `message M${index} { M${index + 1} a = 1; M${index + 1} b = 2; }`;
    const chain = Array.from({ length: depth + 1 }, (_, index) => message(index)).join("\n");
    const parse = (version: number, last: string) =>
      protobufFormat.parse('syntax = "proto3"; import "chain.proto"; message R { M0 m = 1; }', [
        {
          name: "chain.proto",
          subject: "chain",
          version,
          schema: `syntax = "proto3"; ${chain.replace("int32 a", `${last} a`)}`,
          references: [],
        },
      ]);
    const hindrances = (last: string) =>
      parse(2, last)
        .differencesFrom(parse(1, "int32"))
        .filter(({ isAllowed }) => !isAllowed)
        .map(({ kind, path }) => `${kind} ${path}`);
    expect(hindrances("int32")).toEqual([]);
    expect(hindrances("string")).toEqual(
      expect.arrayContaining([
        `FIELD_SCALAR_KIND_CHANGED #/M${depth}/1`,
        "FIELD_NAMED_TYPE_CHANGED #/M0/2",
        "FIELD_NAMED_TYPE_CHANGED #/R/1",
      ]),
    );
  });
});
