import {
  SchemaError,
  type ParsedSchema,
  type ResolvedReference,
  type SchemaDifference,
  type SchemaFormat,
  type SchemaParseOptions,
} from "@millrace/schema-registry";

import { compareSchemas } from "../compatibility/compare-schemas.ts";
import { checkProto } from "../schema/check-proto.ts";
import { decodeDescriptor } from "../schema/decode-descriptor.ts";
import { encodeDescriptor } from "../schema/encode-descriptor.ts";
import { knownFiles } from "../schema/known-files.ts";
import { NameScope, type ImportedFile } from "../schema/name-scope.ts";
import { normalizeProto } from "../schema/normalize-proto.ts";
import { parseProto } from "../schema/parse-proto.ts";
import { printProto } from "../schema/print-proto.ts";
import { withoutExtensions } from "../schema/without-extensions.ts";
import type { ProtoFile } from "../schema/proto-file.ts";

/** How deep references may point to references. */
const referenceDepthMax = 64;

export interface ProtobufFormat extends SchemaFormat {
  parse(
    text: string,
    references: readonly ResolvedReference[],
    options?: SchemaParseOptions,
  ): ProtobufSchema;
  /**
   * The files that a text imports, by which references are named, without those that need none such as
   * `google/protobuf/timestamp.proto`.
   *
   * @throws SchemaError `INVALID_SCHEMA`
   */
  imports(text: string): readonly string[];
}

/**
 * Protobuf for a registry (Confluent: `ProtobufSchemaProvider`): `.proto` texts, or a `FileDescriptorProto` in base64.
 *
 * @example
 * ```ts
 * const order = protobufFormat.parse('syntax = "proto3"; message Order { string id = 1; }', []);
 * order.text; // in the layout of Confluent's registry
 * ```
 */
export const protobufFormat: ProtobufFormat = {
  schemaType: "PROTOBUF",
  parse: (text, references, options) => new ProtobufSchema(text, references, options),
  imports: (text) =>
    readProto(text)
      .imports.map(({ path }) => path)
      .filter((path) => !knownFiles().has(path)),
};

/** A Protobuf schema that was understood. */
export class ProtobufSchema implements ParsedSchema {
  readonly schemaType = "PROTOBUF";
  readonly text: string;
  readonly file: ProtoFile;
  readonly names: NameScope;
  /** Files that the schema may import, by the name of their reference. */
  readonly imports: ReadonlyMap<string, ImportedFile>;
  #normalized: string | undefined;

  /** @throws SchemaError `INVALID_SCHEMA` */
  constructor(
    text: string,
    references: readonly ResolvedReference[],
    options: SchemaParseOptions = {},
  ) {
    this.file = readProto(text);
    this.imports = importedFiles(references);
    this.names = new NameScope(this.file, [...this.imports.values()]);
    checkProto(this.file, this.names, options);
    this.text = printProto(this.file);
  }

  normalized(): string {
    this.#normalized ??= printProto(normalizeProto(this.file, this.names));
    return this.#normalized;
  }

  formatted(form: string): string {
    if (form === "serialized") return encodeDescriptor(this.file, this.names);
    return form === "ignore_extensions" ? printProto(withoutExtensions(this.file)) : this.text;
  }

  differencesFrom(writer: ParsedSchema): readonly SchemaDifference[] {
    if (!(writer instanceof ProtobufSchema)) {
      throw new SchemaError(
        "INVALID_SCHEMA",
        `a Protobuf schema is compared with Protobuf, not with ${writer.schemaType}`,
      );
    }
    return compareSchemas({ writer, reader: this });
  }
}

/** A `.proto` text, or a descriptor in base64. */
function readProto(text: string): ProtoFile {
  // No .proto file with a declaration is without a blank or a semicolon.
  const isDescriptor = text.length >= 4 && /^[A-Za-z0-9+/]+={0,2}\s*$/.test(text);
  return isDescriptor ? decodeDescriptor(text.trimEnd()) : parseProto(text);
}

function importedFiles(
  references: readonly ResolvedReference[],
): ReadonlyMap<string, ImportedFile> {
  const files = new Map<string, ImportedFile>();
  const add = (list: readonly ResolvedReference[], depth: number): void => {
    if (depth > referenceDepthMax) {
      const problem = `references point to references more than ${referenceDepthMax} deep`;
      throw new SchemaError("INVALID_SCHEMA", `the Protobuf schema is invalid: ${problem}`);
    }
    const added = list.filter(({ name }) => !files.has(name));
    for (const { name, subject, version, schema } of added) {
      const origin = depth === 0 ? { subject, version } : undefined;
      files.set(name, { file: readReference(name, schema), origin });
    }
    for (const { references: inner } of added) add(inner, depth + 1);
  };
  add(references, 0);
  return files;
}

function readReference(name: string, text: string): ProtoFile {
  try {
    return readProto(text);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new SchemaError("INVALID_SCHEMA", `the reference "${name}": ${error.message}`, {
      cause: error,
    });
  }
}
