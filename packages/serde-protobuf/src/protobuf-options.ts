import {
  choiceOption,
  optionTable,
  textOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";

import type { ProtobufReference } from "./codec/protobuf-codec.ts";

export const protobufOptionRows = {
  /** The message, with or without its package. Needed where the schema has several. */
  message: textOption({}),
  /** Of a class or a `Type`, with a registry: its schema, which is registered. Without it they only read. */
  schema: textOption({}),
  /** What the schema imports, as texts. `google/protobuf/*`, `google/type/*` and `confluent/*` are known. */
  references: valueOption<readonly ProtobufReference[]>({
    allowed: "a list of { name, schema }, with `subject` and `references` of their own",
    accepts: isReferences,
  }),
  /** By a schema's text: what values are, those of TypeScript or Protobuf's JSON mapping, which `longs` and `enums` are nothing to. */
  values: choiceOption(["typescript", "json"], { byDefault: "typescript" }),
  /** How 64-bit fields are held; `number` refuses what a number does not hold exactly. */
  longs: choiceOption(["bigint", "number"], { byDefault: "bigint" }),
  /** How constants of enums are held; one without a name is a number always. */
  enums: choiceOption(["number", "name"], { byDefault: "number" }),
};

export interface ProtobufOptions extends GivenOptions<typeof protobufOptionRows> {}

export const protobufOptionTable = optionTable("protobuf", protobufOptionRows);

function isReferences(given: unknown): boolean {
  return (
    Array.isArray(given) &&
    given.every((one: unknown) => {
      if (typeof one !== "object" || one === null) return false;
      const { name, schema, subject, references } = one as Partial<ProtobufReference>;
      const isSubject = subject === undefined || typeof subject === "string";
      const areInner = references === undefined || isReferences(references);
      return typeof name === "string" && typeof schema === "string" && isSubject && areInner;
    })
  );
}
