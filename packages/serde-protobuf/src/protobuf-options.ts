import {
  choiceOption,
  optionTable,
  textOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { excessFieldsOption, referencesKind, type GivenReference } from "@millrace/schema-registry";

/** A file that a schema imports, which the import names: a `.proto` text, or a `FileDescriptorProto` in base64. */
export type ProtobufReference = GivenReference<string>;

const protobufOptionRows = {
  /** The message, with or without its package. Needed where the schema has several. */
  message: textOption({}),
  /** Of a class or a `Type`, with a registry: its schema, which is registered. Without it they only read. */
  schema: textOption({}),
  /** What the schema imports, as texts. `google/protobuf/*`, `google/type/*` and `confluent/*` are known. */
  references: valueOption<readonly ProtobufReference[]>(
    referencesKind((schema) => typeof schema === "string"),
  ),
  /** By a schema's text: what values are, those of TypeScript or Protobuf's JSON mapping, which `longs` and `enums` are nothing to. */
  values: choiceOption(["typescript", "json"], { byDefault: "typescript" }),
  /** How 64-bit fields are held; `number` refuses what a number does not hold exactly. */
  longs: choiceOption(["bigint", "number"], { byDefault: "bigint" }),
  /** How constants of enums are held; one without a name is a number always. */
  enums: choiceOption(["number", "name"], { byDefault: "number" }),
  /** Members of a value that its message has no field for: an error, or left out. A class decides by itself. */
  excessFields: excessFieldsOption,
};

export interface ProtobufOptions extends GivenOptions<typeof protobufOptionRows> {}

export const protobufOptionTable = optionTable("protobuf", protobufOptionRows);
