import { concatBytes, messageOf } from "@millrace/model";
import {
  guidFrameSize,
  idFrameSize,
  type GivenReference,
  type SchemaRegistryClient,
} from "@millrace/schema-registry";
import { placeOf, SerdePendingError, type Serde, type SerdePart } from "@millrace/serde";

import { CommandError } from "./command-error.ts";
import { switchFlag, textFlag, type FlagValues } from "./flags/flag.ts";
import { plainForm, type RecordForm, type ShownForm } from "./record-form.ts";
import {
  decodeAs,
  encodeAs,
  formatNames,
  printable,
  unprintable,
  withBigints,
  type FormatName,
} from "./record-format.ts";
import {
  openRegistry,
  registryClientFlags,
  type RegistryClientFlags,
} from "./registry-client-flags.ts";
import {
  importingSchema,
  referenceFlag,
  type FileSchema,
  type SchemaFileFlags,
} from "./schema-files.ts";
import {
  isSchemaFormat,
  schemaFormatNames,
  schemaTypes,
  type SchemaFormatName,
} from "./schema-formats.ts";
import { UsageError } from "./usage-error.ts";
import { windowedForm, windowKinds, type WindowKind } from "./windowed-form.ts";

const schemaFlags = {
  schema: textFlag({ placeholder: "FILE", about: "the schema of values" }),
  subject: textFlag({ about: "the subject of that schema; default: TOPIC-value" }),
  message: textFlag({
    placeholder: "NAME",
    about: "of a Protobuf schema with several messages, the one of values",
  }),
  reference: referenceFlag("that schema"),
  "key-schema": textFlag({ placeholder: "FILE", about: "the same of keys" }),
  "key-subject": textFlag({ about: "the same of keys" }),
  "key-message": textFlag({ placeholder: "NAME", about: "the same of keys" }),
  "key-reference": referenceFlag("the schema of keys"),
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

type OwnFormatName = FormatName | SchemaFormatName;

/** Also keys of windows, which are texts where nothing else is said. */
export type ShownFormatName = OwnFormatName | WindowKind | `${WindowKind}:${OwnFormatName}`;

const ownFormatNames = [...formatNames, ...schemaFormatNames] as const;

export const shownFormatNames: readonly ShownFormatName[] = [
  ...ownFormatNames,
  ...windowKinds,
  ...windowKinds.flatMap((kind) => ownFormatNames.map((name) => `${kind}:${name}` as const)),
];

/** The same for help and errors. */
export const shownFormatsText = `${ownFormatNames.join(", ")}, windowed, session, windowed:FORMAT, session:FORMAT`;

/** How keys and values are shown; a registry is asked, and the code of a format loaded, where one is named. */
export async function shownForms(
  asked: FormsAsked,
  { key, value }: Names<ShownFormatName>,
): Promise<Forms<ShownForm>> {
  const names = { key: key === undefined ? undefined : ownName(key), value: ownName(value) };
  const forms = await formsOf({ ...asked, use: "read" }, names);
  return {
    key: forms.key === undefined ? undefined : inWindow(key, forms.key),
    value: inWindow(value, forms.value),
  };
}

function ownName(name: ShownFormatName): OwnFormatName {
  const own = name.slice(name.indexOf(":") + 1);
  return ownFormatNames.find((one) => one === own) ?? "string";
}

function inWindow(name: ShownFormatName | undefined, form: ShownForm): ShownForm {
  const kind = windowKinds.find((one) => name?.startsWith(one));
  return kind === undefined ? form : windowedForm(kind, form);
}

/** How they are read from lines, likewise. */
export function recordForms(
  asked: FormsAsked,
  names: Names<OwnFormatName>,
): Promise<Forms<RecordForm>> {
  return formsOf({ ...asked, use: "write" }, names);
}

async function formsOf(
  { topic, flags, use }: FormsAsked & { readonly use: "read" | "write" },
  names: Names<OwnFormatName>,
): Promise<Forms<RecordForm>> {
  let client: Promise<SchemaRegistryClient> | undefined;
  const form = async (name: OwnFormatName, part: SerdePart) => {
    const given = schemaOf(flags, part);
    if (!isSchemaFormat(name)) {
      requireNoSchema(given, part);
      return plainForm(name);
    }
    client ??= openRegistry(flags);
    const serde = await serdeOf(name, await client, { ...given, use });
    const form = registryForm(serde, { format: name, topic, part });
    return name === "json-schema" ? exactForm(form) : form;
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
  /** Undefined: none. */
  readonly reference: SchemaFileFlags["reference"] | undefined;
}

function schemaOf(flags: SchemaFlags, part: SerdePart): GivenSchema {
  const prefix = part === "value" ? "" : "key-";
  const references = flags[`${prefix}reference`];
  return {
    schema: flags[`${prefix}schema`],
    subject: flags[`${prefix}subject`],
    message: flags[`${prefix}message`],
    reference: references.length === 0 ? undefined : references,
  };
}

async function serdeOf(
  name: SchemaFormatName,
  registry: SchemaRegistryClient,
  {
    schema: file,
    subject,
    message,
    reference,
    use,
  }: GivenSchema & { readonly use: "read" | "write" },
): Promise<Serde<unknown>> {
  if (reference !== undefined && file === undefined)
    throw new UsageError(
      "a reference goes with the schema that refers to it, of --schema or --key-schema",
    );
  const { schema, references } =
    file === undefined
      ? { schema: undefined, references: [] }
      : await ownSchema(registry, await importingSchema(file, schemaTypes[name], reference ?? []));
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
      return avro<unknown>(schema, { ...options, longs, references });
    }
    case "protobuf": {
      const { protobuf } = await import("@millrace/serde-protobuf");
      const all = {
        ...options,
        values: "json",
        ...(message === undefined ? {} : { message }),
      } as const;
      return schema === undefined
        ? protobuf<unknown>(all)
        : protobuf<unknown>(schema, { ...all, references });
    }
    case "json-schema": {
      const { jsonSchema } = await import("@millrace/serde-json-schema");
      // What is there is shown, also where it is wrong.
      const all = { ...options, validates: "writes" } as const;
      return schema === undefined
        ? jsonSchema<unknown>(all)
        : jsonSchema<unknown>(schema, { ...all, references });
    }
  }
}

/** A schema as a serde takes it: with the texts of all that it refers to. */
async function ownSchema(
  registry: SchemaRegistryClient,
  { schema, references, imports }: Omit<FileSchema, "schemaType">,
): Promise<{ readonly schema: string; readonly references: readonly GivenReference<string>[] }> {
  const { resolveReferences } = await import("@millrace/schema-registry");
  const inner = imports.map(async (one) => ({
    name: one.name,
    ...(await ownSchema(registry, one)),
  }));
  const given = [...(await resolveReferences(registry, references)), ...(await Promise.all(inner))];
  return { schema, references: given };
}

/** Where there is no schema to read or write by, a flag gives one. */
function adviceOn(error: unknown, part: SerdePart): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "SUBJECT_NOT_FOUND") return "";
  const prefix = part === "key" ? "key-" : "";
  return `; give --${prefix}schema FILE, or --${prefix}subject of another one`;
}

interface FormUse {
  readonly format: SchemaFormatName;
  readonly topic: string;
  readonly part: SerdePart;
}

function registryForm(serde: Serde<unknown>, { format, topic, part }: FormUse): RecordForm {
  const encode = (parsed: unknown): Uint8Array => {
    // JSON, and that of Protobuf, has texts for bytes.
    const value = format === "avro" ? unprintable(parsed) : parsed;
    if (value === null)
      throw new TypeError("it is null; --null says how a line without a value looks");
    return serde.serialize(value as {}, topic, placeOf(part, []));
  };
  const encodeLine = (text: string): Uint8Array => {
    try {
      return encode(JSON.parse(text));
    } catch (error) {
      // A double is rounded as anywhere; a long of so many digits was refused.
      const exact = withBigints(text);
      if (exact === undefined) throw error;
      return encode(exact);
    }
  };
  const told = (error: unknown, what: string): unknown => {
    if (error instanceof SerdePendingError) return error;
    const reason = messageOf(error);
    return new CommandError(`${what}: ${reason}${adviceOn(error, part)}`);
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
        return encodeLine(text);
      } catch (error) {
        throw told(error, `${where} cannot be written by ${serde.name}`);
      }
    },
  };
}

/** JSON as it stands: numbers of more digits than JavaScript's keep them. */
function exactForm(form: RecordForm): RecordForm {
  return {
    isJson: true,
    decode: (bytes, headers, where) => {
      form.decode(bytes, headers, where);
      return decodeAs("json", bytes.subarray(frameSize(bytes)), where);
    },
    encode: (text, where) => {
      const frame = form.encode(text, where).subarray(0, idFrameSize);
      return concatBytes(frame, encodeAs("json", text, where));
    },
  };
}

function frameSize(bytes: Uint8Array): number {
  if (bytes[0] === 0) return idFrameSize;
  return bytes[0] === 1 ? guidFrameSize : 0;
}
