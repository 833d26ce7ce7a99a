import { SchemaError } from "@millrace/schema-registry";

import type { OptionDeclaration, OptionValue, ProtoFile } from "../schema/proto-file.ts";

/** What an edition, or `features` of a file, a message or a field, says about fields on the wire. */
export interface Features {
  readonly field_presence: "EXPLICIT" | "IMPLICIT" | "LEGACY_REQUIRED";
  readonly enum_type: "OPEN" | "CLOSED";
  readonly repeated_field_encoding: "PACKED" | "EXPANDED";
  readonly utf8_validation: "VERIFY" | "NONE";
  readonly message_encoding: "LENGTH_PREFIXED" | "DELIMITED";
}

const proto2: Features = {
  field_presence: "EXPLICIT",
  enum_type: "CLOSED",
  repeated_field_encoding: "EXPANDED",
  utf8_validation: "NONE",
  message_encoding: "LENGTH_PREFIXED",
};

const proto3: Features = {
  field_presence: "IMPLICIT",
  enum_type: "OPEN",
  repeated_field_encoding: "PACKED",
  utf8_validation: "VERIFY",
  message_encoding: "LENGTH_PREFIXED",
};

/** Those that protobufjs 8.8 knows. */
const editions: ReadonlySet<string> = new Set(["2023", "2024", "2026"]);

/** @throws SchemaError for an edition that is unknown */
export function featuresOfFile({ syntax, options }: ProtoFile): Features {
  if (syntax.kind === "proto3") return proto3;
  if (syntax.kind !== "edition") return proto2;
  if (!editions.has(syntax.edition)) {
    throw new SchemaError(
      "INVALID_SCHEMA",
      `edition ${syntax.edition} is unknown; messages of ${[...editions].join(", ")}, proto2 and proto3 are read and written`,
    );
  }
  return withFeatures({ ...proto3, field_presence: "EXPLICIT" }, options);
}

/** What holds within; options are `features.x = …` or `features = { x: … }`. */
export function withFeatures(outer: Features, options: readonly OptionDeclaration[]): Features {
  const changed: Record<string, string> = {};
  const set = (name: string, value: OptionValue): void => {
    if (Object.hasOwn(outer, name) && value.kind === "word") changed[name] = value.word;
  };
  for (const { name, value } of options) {
    if (name.startsWith("features.")) set(name.slice("features.".length), value);
    else if (name === "features" && value.kind === "message") {
      for (const entry of value.entries) set(entry.name, entry.value);
    }
  }
  return Object.keys(changed).length === 0 ? outer : { ...outer, ...changed };
}
