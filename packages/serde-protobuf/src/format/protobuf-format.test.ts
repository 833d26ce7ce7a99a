import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { SchemaError, type ResolvedReference } from "@millrace/schema-registry";
import { describe, expect, test } from "vitest";

import { protobufFormat } from "./protobuf-format.ts";

const everything = `syntax = "proto2"; package a.b; import public "x.proto"; import "y.proto"; /* c */
option java_package = "x.y"; option (file_note) = { text: "q" list: [1, 2] inner { on: true } };
message A {
  reserved 10, 13 to 15, 1000 to max; reserved "gone";
  option deprecated = true; option (note).text = "n";
  optional group G = 2 { required int32 x = 1 [default = -3, deprecated = true]; }
  extensions 100 to 199 [verification = UNVERIFIED];
  repeated E es = 9 [packed = true]; map<string, .a.b.A> m = 7;
  optional double d = 3 [default = inf]; optional bytes y = 5 [default = "a\\"b"];
  oneof pick { option (o) = 1; string s = 8 [json_name = "S"]; }
  enum E { option allow_alias = true; X = 0; Y = 0 [(k) = "a\\"b"]; reserved -5 to -1; }
  message N {} message Deep { message Down {} optional Down down = 1; }
  extend A { optional N inner = 102; }
}
extend A { optional string ext = 101; }
service S { rpc Get (stream A) returns (.a.b.A) { option deprecated = true; } rpc P(A) returns (stream A); }`;

function reference(name: string, schema: string): ResolvedReference {
  return { name, subject: name, version: 1, schema, references: [] };
}

function parse(text: string, ...references: readonly ResolvedReference[]) {
  return protobufFormat.parse(text, references);
}

const order = 'syntax = "proto3";\npackage shop;\n\nmessage Order {\n  string id = 1;\n}\n';

const proto3 = (body: string): string => `syntax = "proto3";\n${body}`;

describe("text", () => {
  test("spacing and comments do not count", () => {
    const spaced = 'syntax = "proto3"; package shop; // note\nmessage Order { string id = 1; }';
    expect(parse(spaced).text).toBe(order);
  });

  test("PROTOBUF-1: what is printed parses to the same", () => {
    const { text } = parse(everything);
    expect(parse(text).text).toBe(text);
    expect(text).toContain("optional group G = 2 {");
    expect(text).toContain("reserved 10, 13 to 15, 1000 to max;");
    expect(text).toContain('import public "x.proto";');
  });

  test("an edition and its features stay", () => {
    const edition =
      'edition = "2023";\n\noption features.field_presence = IMPLICIT;\n\nmessage A {\n' +
      "  int32 n = 1 [features.field_presence = EXPLICIT];\n}\n";
    expect(parse(edition).text).toBe(edition);
  });

  test.each(["descriptor", "type", "api", "source_context", "json_enumvalue_options"])(
    "Google's %s.proto comes through",
    (name) => {
      const folder = dirname(createRequire(import.meta.url).resolve("protobufjs"));
      const source = readFileSync(join(folder, "google/protobuf", `${name}.proto`), "utf8");
      const { text } = parse(source);
      expect(parse(text).text).toBe(text);
    },
  );
});

describe("descriptors", () => {
  test("a schema is given as the descriptor that Confluent's registry gives", () => {
    expect(parse(order).formatted("serialized")).toBe(
      "CgdkZWZhdWx0EgRzaG9wIhEKBU9yZGVyEggKAmlkGAEoCWIGcHJvdG8z",
    );
  });

  test("a descriptor is read, with its json_name", () => {
    const base64 = "CgdwLnByb3RvEgRzaG9wIhcKBU9yZGVyEg4KAmlkGAEgASgJUgJpZGIGcHJvdG8z";
    expect(parse(base64).text).toBe(order.replace("id = 1", 'id = 1 [json_name = "id"]'));
  });

  test("a file comes back from its descriptor, maps apart, which are messages there", () => {
    const schema = parse(everything);
    const back = parse(schema.formatted("serialized"));
    expect(back.normalized()).toBe(schema.normalized());
    expect(back.text).toContain("message MEntry {");
  });

  test("optional fields of proto3 come back as such, and in no oneof", () => {
    const { text } = parse(
      'syntax = "proto3"; message A { optional int32 n = 1; oneof o { string s = 2; } }',
    );
    expect(parse(parse(text).formatted("serialized")).text).toBe(text);
  });

  test("an edition comes back", () => {
    const { text } = parse('edition = "2024"; message A { int32 n = 1; }');
    const back = parse(parse(text).formatted("serialized")).text;
    expect(back).toContain('edition = "2024";');
  });

  test("an unknown form is the text", () => {
    expect(parse(order).formatted("pretty")).toBe(order);
  });

  test("extensions and options of one's own are left out if asked", () => {
    const text = parse(everything).formatted("ignore_extensions");
    expect(text).not.toMatch(/extend|extensions|\(note\)|\(k\)|\(o\)|file_note/);
    expect(text).toContain("option deprecated = true;");
  });
});

describe("normalising", () => {
  test("fields are ordered by number, names are full, spelled-out maps are maps", () => {
    const one = parse(
      'syntax = "proto3"; package p; message A { B b = 2; map<string, B> m = 1; oneof z { int32 y = 9; int32 x = 8; } }' +
        " message B { enum E { Z = 1; A = 0; } }".replace("Z = 1; A = 0", "A = 0; Z = 1"),
    );
    const other = parse(
      'syntax = "proto3"; package p; message A { oneof z { int32 x = 8; int32 y = 9; } repeated .p.A.MEntry m = 1; p.B b = 2;' +
        " message MEntry { option map_entry = true; string key = 1; p.B value = 2; } } message B { enum E { A = 0; Z = 1; } }",
    );
    expect(one.text).not.toBe(other.text);
    expect(one.normalized()).toBe(other.normalized());
    expect(parse(one.normalized()).normalized()).toBe(one.normalized());
  });

  test("the order of messages stays, since records count it", () => {
    const text = 'syntax = "proto3"; message B {} message A {}';
    expect(parse(text).normalized()).toBe(parse(text).text);
  });

  test("saying proto2 and saying nothing is one", () => {
    const body = " message A { optional int32 n = 1; }";
    expect(parse(`syntax = "proto2";${body}`).normalized()).toBe(parse(body).normalized());
  });
});

describe("references", () => {
  const people = 'syntax = "proto3"; package people; message Customer { string name = 1; }';
  const sale =
    'syntax = "proto3"; import "customer.proto"; message Sale { people.Customer buyer = 1; }';

  test("types of a reference are known", () => {
    expect(parse(sale, reference("customer.proto", people)).text).toContain("people.Customer");
  });

  test("types of a reference's reference are known, given as a descriptor too", () => {
    const base64 = parse(people).formatted("serialized");
    const middle = {
      ...reference("m.proto", 'syntax = "proto3"; import public "customer.proto";'),
    };
    const nested = { ...middle, references: [reference("customer.proto", base64)] };
    expect(parse(sale, nested).text).toContain("people.Customer");
  });

  test("a missing one is told with the type, the field and the import", () => {
    expect(() => parse(sale)).toThrow(
      /line 1: the type "people\.Customer" of the field "buyer" is unknown; .*"customer\.proto"/,
    );
  });

  test("a bad one is told by its name", () => {
    expect(() => parse(sale, reference("customer.proto", "message {"))).toThrow(
      /the reference "customer\.proto": .*line 1, column 9/,
    );
  });

  test("well-known types need none", () => {
    const names = [
      "protobuf.Timestamp",
      "protobuf.Any",
      "type.Money",
      "type.PhoneNumber.ShortCode",
    ];
    for (const name of names) {
      parse(`syntax = "proto3"; message A { google.${name} field = 1; }`);
    }
  });
});

describe("invalid schemas name the place", () => {
  test.each([
    ['line 1, column 9: expected the name of a message, but there is "{"', "message {"],
    ['line 1, column 10: the syntax is "proto2" or "proto3", not "proto4"', 'syntax = "proto4";'],
    ['line 2, column 25: expected ";", but the text ends', proto3("message A { string a = 1")],
    ["line 2, column 24: expected the number of the field", proto3("message A { string a = ; }")],
    ['line 2, column 1: "§" does not belong here', proto3("§")],
    ["line 2, column 8: a text does not end on its line", proto3('import "a')],
    ['line 4: "b" and "a" in message "A"', proto3("message A {\n string a = 1;\n int32 b = 1; }")],
    ['line 2: "a" stands twice', proto3("message A { string a = 1; string a = 2; }")],
    ['line 2: "a" has number 0', proto3("message A { string a = 0; }")],
    ['line 2: "a" has number 19500', proto3("message A { string a = 19500; }")],
    ['line 2: "a" has number 536870912', proto3("message A { string a = 536870912; }")],
    ['"a" = 2 in message "A" is reserved', proto3("message A { reserved 1 to 3; string a = 2; }")],
    ['"a" is required, which proto3 does not have', proto3("message A { required string a = 2; }")],
    ['"float" cannot be the key of the map "a"', proto3("message A { map<float, string> a = 2; }")],
    ['the map "a" takes no "repeated"', proto3("message A { repeated map<int32, string> a = 2; }")],
    ['the type "Missing" of the field "a" is unknown', proto3("message A { Missing a = 2; }")],
    ['line 3: "A" is declared twice', proto3("message A {}\nmessage A {}")],
    ['line 2: the enum "E" is empty', proto3("enum E {}")],
    ['the first constant of "E" is not 0', proto3("enum E { A = 1; }")],
    ['two constants of enum "E" have number 0', proto3("enum E { A = 0; B = 0; }")],
    ['"B" of "E" has number 2147483648: no int32', proto3("enum E { A = 0; B = 2147483648; }")],
    ['the type "A" of the method "Get"', proto3("service S { rpc Get (A) returns (A); }")],
    ['"a" in oneof "o" takes neither', proto3("message A { oneof o { repeated int32 a = 1; } }")],
    ["messages nest deeper than 64 levels", proto3("message A {".repeat(1000))],
    ["an option nests deeper than 64 levels", proto3(`option a = ${"{ a ".repeat(1000)}`)],
    ["neither a .proto text nor a FileDescriptorProto in base64", "Zm9vYmFy"],
  ])("%s", (problem, text) => {
    const caught = (() => {
      try {
        return parse(text);
      } catch (error) {
        return error;
      }
    })();
    expect(caught).toBeInstanceOf(SchemaError);
    expect(caught).toMatchObject({ code: "INVALID_SCHEMA" });
    expect(`${(caught as Error).message}`).toContain(problem);
  });

  test("a schema of another format is not compared", () => {
    const other = { ...parse(order), schemaType: "AVRO" as const };
    expect(() =>
      parse(order).differencesFrom(other as unknown as ReturnType<typeof parse>),
    ).toThrow(/compared with Protobuf, not with AVRO/);
  });
});

describe("what a registry has is not checked anew", () => {
  test.each([
    ["an enum that does not begin at 0", proto3("enum E { A = 1; }"), "is not 0"],
    ["constants of one number", proto3("enum E { A = 0; B = 0; }"), "without allow_alias"],
    ["a constant that is reserved", proto3("enum E { A = 0; B = 2; reserved 2; }"), "is reserved"],
    ["a field that is reserved", proto3("message A { reserved 2; string a = 2; }"), "is reserved"],
    ["a number that Protobuf keeps", proto3("message A { string a = 19500; }"), "19500"],
  ])("%s", (_, text, problem) => {
    expect(() => protobufFormat.parse(text, [])).toThrow(problem);
    const stored = protobufFormat.parse(text, [], { isNew: false });
    expect(protobufFormat.parse(stored.text, [], { isNew: false }).text).toBe(stored.text);
    expect(stored.differencesFrom(stored)).toEqual([]);
  });

  test("but for what cannot be read: names that are unknown, numbers that no field has", () => {
    for (const text of ["message A { Missing a = 2; }", "message A { string a = 0; }"])
      expect(() => protobufFormat.parse(proto3(text), [], { isNew: false })).toThrow(SchemaError);
  });
});

describe("hostile texts are read or refused in time", () => {
  test.each([
    ["a line of two million tokens", `message M {}${";".repeat(2_000_000)}`],
    ["a million digits that are no number", `message M { int32 a = ${"9".repeat(1_000_000)}x; }`],
    ["a million digits behind a point", `option (o) = 1.${"9".repeat(1_000_000)}x;`],
    ["a million comments that begin", "/".repeat(1_000_001)],
  ])("%s", (_, text) => {
    const startMs = performance.now();
    try {
      protobufFormat.parse(text, []);
    } catch (error) {
      expect(error).toMatchObject({ code: "INVALID_SCHEMA" });
    }
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });

  test("lines are counted across spaces, comments and texts", () => {
    const text = 'syntax = "proto3"; /* a\n\nb */ // c\n\nmessage M {\n  what }';
    expect(() => protobufFormat.parse(text, [])).toThrow("line 6, column 8");
  });
});
