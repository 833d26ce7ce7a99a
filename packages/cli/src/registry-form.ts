import type { SchemaRegistryClient } from "@millrace/schema-registry";
import { placeOf, SerdePendingError, type Serde, type SerdePart } from "@millrace/serde";

import { CommandError } from "./command-error.ts";
import { switchFlag, textFlag, type FlagValues } from "./flags/flag.ts";
import { plainForm, shownForm, type RecordForm, type ShownForm } from "./record-form.ts";
import { printable, unprintable, type FormatName, type ShownFormatName } from "./record-format.ts";
import {
  openRegistry,
  registryClientFlags,
  type RegistryClientFlags,
} from "./registry-client-flags.ts";
import { isSchemaFormat, type SchemaFormatName } from "./schema-formats.ts";
import { schemaText } from "./schema-files.ts";
import { UsageError } from "./usage-error.ts";

const schemaFlags = {
  schema: textFlag({ placeholder: "FILE", about: "the schema of values" }),
  subject: textFlag({ about: "the subject of that schema; default: TOPIC-value" }),
  message: textFlag({
    placeholder: "NAME",
    about: "of a Protobuf schema with several messages, the one of values",
  }),
  "key-schema": textFlag({ placeholder: "FILE", about: "the same of keys" }),
  "key-subject": textFlag({ about: "the same of keys" }),
  "key-message": textFlag({ placeholder: "NAME", about: "the same of keys" }),
};

/** Flags of what is read by schemas of a registry. */
export const readSchemaFlags = { ...registryClientFlags, ...schemaFlags };

/** Flags of what is written by schemas of a registry. */
export const writeSchemaFlags = {
  ...readSchemaFlags,
  latest: switchFlag({
    about: "write with the latest version of the subject, which is so without --schema",
  }),
};

type SchemaFlags = RegistryClientFlags & FlagValues<typeof schemaFlags>;

/** What a command does with records, and by which flags. */
export interface FormsAsked {
  readonly topic: string;
  readonly flags: SchemaFlags;
}

type Names<Name> = { readonly key: Name | undefined; readonly value: Name };
type Forms<Form> = { readonly key: Form | undefined; readonly value: Form };

/** How keys and values are shown; a registry is asked, and the code of a format loaded, where one is named. */
export function shownForms(
  asked: FormsAsked,
  names: Names<ShownFormatName | SchemaFormatName>,
): Promise<Forms<ShownForm>> {
  return formsOf<ShownFormatName, ShownForm>({ ...asked, use: "read" }, names, shownForm);
}

/** How they are read from lines, likewise. */
export function recordForms(
  asked: FormsAsked,
  names: Names<FormatName | SchemaFormatName>,
): Promise<Forms<RecordForm>> {
  return formsOf<FormatName, RecordForm>({ ...asked, use: "write" }, names, plainForm);
}

async function formsOf<Name extends string, Form extends ShownForm>(
  { topic, flags, use }: FormsAsked & { readonly use: "read" | "write" },
  names: Names<Name | SchemaFormatName>,
  plain: (name: Name) => Form,
): Promise<Forms<Form | RecordForm>> {
  let client: Promise<SchemaRegistryClient> | undefined;
  const form = async (name: Name | SchemaFormatName, part: SerdePart) => {
    const given = schemaOf(flags, part);
    if (!isSchemaFormat(name)) {
      requireNoSchema(given, part);
      return plain(name);
    }
    client ??= openRegistry(flags);
    const serde = await serdeOf(name, await client, { ...given, use });
    return registryForm(serde, topic, part);
  };
  return {
    key: names.key === undefined ? undefined : await form(names.key, "key"),
    value: await form(names.value, "value"),
  };
}

function requireNoSchema(given: GivenSchema, part: SerdePart): void {
  const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  const prefix = part === "key" ? "key-" : "";
  throw new UsageError(`--${prefix}${flag} goes with --${part} avro, protobuf or json-schema`);
}

interface GivenSchema {
  readonly schema: string | undefined;
  readonly subject: string | undefined;
  readonly message: string | undefined;
}

function schemaOf(flags: SchemaFlags, part: SerdePart): GivenSchema {
  return part === "value"
    ? { schema: flags.schema, subject: flags.subject, message: flags.message }
    : {
        schema: flags["key-schema"],
        subject: flags["key-subject"],
        message: flags["key-message"],
      };
}

async function serdeOf(
  name: SchemaFormatName,
  registry: SchemaRegistryClient,
  { schema: file, subject, message, use }: GivenSchema & { readonly use: "read" | "write" },
): Promise<Serde<unknown>> {
  const schema = file === undefined ? undefined : schemaText(file);
  const options = {
    registry,
    ...(subject === undefined ? {} : { subjectName: () => subject }),
    ...(schema === undefined && use === "write" ? { useLatestVersion: true } : {}),
  };
  if (message !== undefined && name !== "protobuf")
    throw new UsageError("--message is for Protobuf");
  switch (name) {
    case "avro": {
      const { avro } = await import("@millrace/serde-avro");
      // A line of JSON has numbers where Avro has longs.
      const longs = use === "write" ? "number" : "bigint";
      if (schema === undefined) return avro<unknown>({ ...options, longs });
      return avro<unknown>(schema, { ...options, longs });
    }
    case "protobuf": {
      const { protobuf } = await import("@millrace/serde-protobuf");
      const all = {
        ...options,
        values: "json",
        ...(message === undefined ? {} : { message }),
      } as const;
      return schema === undefined ? protobuf<unknown>(all) : protobuf<unknown>(schema, all);
    }
    case "json-schema": {
      const { jsonSchema } = await import("@millrace/serde-json-schema");
      // What is there is shown, also where it is wrong.
      const all = { ...options, validates: "writes" } as const;
      return schema === undefined ? jsonSchema<unknown>(all) : jsonSchema<unknown>(schema, all);
    }
  }
}

function registryForm(serde: Serde<unknown>, topic: string, part: SerdePart): RecordForm {
  const told = (error: unknown, what: string): unknown => {
    if (error instanceof SerdePendingError) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new CommandError(`${what}: ${reason}`);
  };
  return {
    isJson: true,
    decode: (bytes, headers, where) => {
      try {
        return printable(serde.deserialize(bytes, topic, placeOf(part, headers)));
      } catch (error) {
        throw told(error, `${where} cannot be read by ${serde.name}`);
      }
    },
    encode: (text, where) => {
      try {
        const value = unprintable(JSON.parse(text));
        if (value === null)
          throw new TypeError("it is null; --null says how a line without a value looks");
        return serde.serialize(value as {}, topic, placeOf(part, []));
      } catch (error) {
        throw told(error, `${where} cannot be written by ${serde.name}`);
      }
    },
  };
}
