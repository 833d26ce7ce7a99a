import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import type {
  NewSchema,
  ResolvedReference,
  SchemaReference,
  SchemaType,
} from "@millrace/schema-registry";

import { CommandError } from "./command-error.ts";
import { fileText } from "./file-text.ts";

/** A file that a schema imports. Registries have it as a subject of its name, as Confluent's serializers do. */
export interface SchemaImport {
  readonly name: string;
  readonly schema: string;
  readonly schemaType: SchemaType;
  readonly imports: readonly SchemaImport[];
  /** What it refers to that a registry has. */
  readonly references: readonly SchemaReference[];
}

/** The schema that imports. */
interface Importing {
  readonly file: string;
  readonly schema: string;
  readonly schemaType: SchemaType;
  /** What `--reference` says is not looked for. */
  readonly references: readonly SchemaReference[];
}

/**
 * The files that a schema imports, with theirs: beside it, or in a folder above where its own is part of the import. What
 * is in no file is left to the format, which knows some, and names what is missing.
 *
 * @throws CommandError: a file cannot be read, or imports itself
 */
export async function importsOf(importing: Importing): Promise<readonly SchemaImport[]> {
  return new ImportWalk(importing, await namesIn(importing.schemaType)).of(importing.schema, []);
}

/** As a format parses them. */
export function resolvedImports(imports: readonly SchemaImport[]): readonly ResolvedReference[] {
  return imports.map(({ name, schema, imports: inner }) => ({
    name,
    subject: name,
    version: 1,
    schema,
    references: resolvedImports(inner),
  }));
}

class ImportWalk {
  readonly #importing: Importing;
  readonly #namesIn: (text: string) => readonly string[];
  readonly #found = new Map<string, SchemaImport>();

  constructor(importing: Importing, names: (text: string) => readonly string[]) {
    this.#importing = importing;
    this.#namesIn = names;
  }

  of(text: string, through: readonly string[]): readonly SchemaImport[] {
    return this.#unreferenced(text).flatMap((name) => {
      const file = fileOf(this.#importing.file, name);
      return file === undefined ? [] : [this.#import(name, file, through)];
    });
  }

  #import(name: string, file: string, through: readonly string[]): SchemaImport {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    if (through.includes(name))
      throw new CommandError(`schemas import each other: ${[...through, name].join(" → ")}`);
    const schema = fileText("the schema", file);
    const names = this.#namesIn(schema);
    const found = {
      name,
      schema,
      schemaType: this.#importing.schemaType,
      imports: this.of(schema, [...through, name]),
      references: this.#importing.references.filter((one) => names.includes(one.name)),
    };
    this.#found.set(name, found);
    return found;
  }

  #unreferenced(text: string): readonly string[] {
    const { references } = this.#importing;
    return this.#namesIn(text).filter((name) => !references.some((one) => one.name === name));
  }
}

/** `shop/order.proto` imports `shop/money.proto`, which stands beside it. */
function fileOf(importer: string, name: string): string | undefined {
  const above = name.split("/").map((_, depth) => "../".repeat(depth));
  return above.map((up) => join(dirname(importer), up, name)).find((file) => existsSync(file));
}

/** What a text refers to, by the names that references have. In Avro a name says nothing of a file. */
async function namesIn(type: SchemaType): Promise<(text: string) => readonly string[]> {
  if (type === "AVRO") return () => [];
  if (type === "JSON") return (text) => [...new Set(filesOfRefs(jsonOf(text)))];
  const { protobufFormat } = await import("@millrace/serde-protobuf");
  return (text) => protobufFormat.imports(text);
}

/** What is no JSON refers to nothing; the format says what is wrong. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function filesOfRefs(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]: [string, unknown]) => {
    if (keyword !== "$ref" || typeof inner !== "string") return filesOfRefs(inner);
    const [file] = inner.split("#");
    return file === "" || /^[a-z][a-z\d+.-]*:/i.test(file) ? [] : [file];
  });
}

/**
 * What imports are as references, those of imports first.
 *
 * @param versionOf asks a registry for a schema's version, or registers it
 */
export async function importedReferences(
  imports: readonly SchemaImport[],
  versionOf: (subject: string, schema: NewSchema) => Promise<number>,
): Promise<readonly SchemaReference[]> {
  const found: SchemaReference[] = [];
  for (const { name, schema, schemaType, references, imports: inner } of imports) {
    const all = [...references, ...(await importedReferences(inner, versionOf))];
    const version = await versionOf(name, { schema, schemaType, references: all });
    found.push({ name, subject: name, version });
  }
  return found;
}
