import type { SchemaFormat, SchemaType } from "@millrace/schema-registry";

import { UsageError } from "./usage-error.ts";

/** What the command line calls the formats of schemas. */
export const schemaFormatNames = ["avro", "protobuf", "json-schema"] as const;

export type SchemaFormatName = (typeof schemaFormatNames)[number];

export const schemaTypes: Readonly<Record<SchemaFormatName, SchemaType>> = {
  avro: "AVRO",
  protobuf: "PROTOBUF",
  "json-schema": "JSON",
};

export function isSchemaFormat<Name extends string>(
  name: Name | SchemaFormatName,
): name is SchemaFormatName {
  return Object.hasOwn(schemaTypes, name);
}

/** What a file holds: as it is said, or by its ending. */
export function schemaTypeOf(file: string, told: SchemaFormatName | undefined): SchemaType {
  if (told !== undefined) return schemaTypes[told];
  if (file.endsWith(".avsc")) return "AVRO";
  if (file.endsWith(".proto")) return "PROTOBUF";
  if (file.endsWith(".json")) return "JSON";
  throw new UsageError(
    `${file} ends neither in .avsc, nor in .proto, nor in .json; give --type ${schemaFormatNames.join("|")}`,
  );
}

/** A format's code is loaded by those who need it. */
export async function loadFormat(type: SchemaType): Promise<SchemaFormat> {
  switch (type) {
    case "AVRO":
      return (await import("@millrace/serde-avro")).avroFormat;
    case "PROTOBUF":
      return (await import("@millrace/serde-protobuf")).protobufFormat;
    case "JSON":
      return (await import("@millrace/serde-json-schema")).jsonSchemaFormat;
  }
}
