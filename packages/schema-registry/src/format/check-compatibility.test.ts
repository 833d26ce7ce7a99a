import { describe, expect, test } from "vitest";

import { checkCompatibility, type CompatibilityLevel } from "./check-compatibility.ts";
import type { CompatibilityPolicy, ParsedSchema, SchemaType } from "./schema-format.ts";

/** A schema that reads what those in `reads` wrote; of the rest it says so. */
function schema(
  text: string,
  reads: string,
  { schemaType = "AVRO" as SchemaType, allows = "" } = {},
): ParsedSchema {
  const difference = (of: string, policy: CompatibilityPolicy, isAllowed: boolean) => ({
    kind: `FROM_${of}`,
    path: `/${policy}`,
    message: `${text} does not read ${of}`,
    isAllowed,
  });
  return {
    schemaType,
    text,
    normalized: () => text,
    formatted: () => text,
    differencesFrom: (writer, policy) => [
      ...(allows.includes(writer.text) ? [difference(writer.text, policy, true)] : []),
      ...(reads.includes(writer.text) ? [] : [difference(writer.text, policy, false)]),
    ],
  };
}

function seen(
  level: CompatibilityLevel,
  given: ParsedSchema,
  previous: readonly ParsedSchema[],
): readonly string[] {
  return checkCompatibility({ level }, given, previous).problems.map(
    ({ version, reader, kind }) => `${version} ${reader} ${kind}`,
  );
}

describe("REGISTRY-2: a level", () => {
  const a = schema("a", "a");
  const b = schema("b", "ab");
  const c = schema("c", "bc");

  test("without TRANSITIVE asks the latest version alone", () => {
    expect(seen("BACKWARD", c, [a, b])).toEqual([]);
    expect(seen("BACKWARD", c, [b, a])).toEqual(["2 new FROM_a"]);
    expect(seen("FORWARD", c, [a, b])).toEqual(["2 previous FROM_c"]);
    expect(seen("FULL", c, [b, a])).toEqual(["2 new FROM_a", "2 previous FROM_c"]);
  });

  test("with TRANSITIVE goes from the newest back, to the first version that has problems", () => {
    expect(seen("BACKWARD_TRANSITIVE", c, [a, b])).toEqual(["1 new FROM_a"]);
    expect(seen("BACKWARD_TRANSITIVE", c, [a, a, b])).toEqual(["2 new FROM_a"]);
    expect(seen("FORWARD_TRANSITIVE", c, [b, b])).toEqual(["2 previous FROM_c"]);
    expect(seen("FULL_TRANSITIVE", c, [a, b])).toEqual(["2 previous FROM_c"]);
  });

  test("NONE asks nothing, and the first version fits every level", () => {
    expect(seen("NONE", c, [a, schema("p", "", { schemaType: "PROTOBUF" })])).toEqual([]);
    expect(seen("FULL_TRANSITIVE", c, [])).toEqual([]);
  });

  test("refuses another type of schema without asking the format", () => {
    const other = schema("p", "pc", { schemaType: "PROTOBUF" });
    const { isCompatible, problems } = checkCompatibility({ level: "FULL" }, c, [other]);
    expect(isCompatible).toBe(false);
    expect(problems).toMatchObject([{ version: 1, reader: "new", kind: "SCHEMA_TYPE_CHANGED" }]);
    expect(problems[0].message).toContain("PROTOBUF");
  });

  test("tells apart what it lets pass, with the policy that was asked for", () => {
    const lenient = schema("l", "ab", { allows: "a" });
    const result = checkCompatibility(
      { level: "BACKWARD_TRANSITIVE", policy: "LENIENT" },
      lenient,
      [a, b],
    );
    expect(result).toMatchObject({ isCompatible: true, problems: [] });
    expect(result.allowed).toMatchObject([{ version: 1, kind: "FROM_a", path: "/LENIENT" }]);
  });
});
