import {
  messageIndexes,
  ownReferences,
  readMessageIndexes,
  resolvedReferences,
  type GivenReference,
  type OwnSchema,
  type SchemaCodec,
  type SchemaReader,
  type SchemaWriter,
} from "@millrace/schema-registry";

import { protobufFormat, type ProtobufSchema } from "../format/protobuf-format.ts";
import { JsonValues } from "./json-values.ts";
import { MessageCodecs, SharedCodecs, type HeldForms, type ValueForms } from "./message-codecs.ts";
import { jsonForm, ReflectedForm, type MessageForm } from "./message-form.ts";
import { indexesOf, messageNamed, nameAt } from "./message-names.ts";
import { MessagePlans } from "./message-plan.ts";
import { ProtobufError } from "./protobuf-error.ts";

/** What a program writes with and reads as. */
export interface OwnMessage<T> {
  readonly form: MessageForm<T>;
  /** Undefined: a class without its schema, which reads but cannot be registered. */
  readonly schema: OwnSchema | undefined;
}

/** A message of a schema of the program. */
export function formOf<T>(
  schema: ProtobufSchema,
  given: string | undefined,
  forms: HeldForms,
): MessageForm<T> {
  return new MessageForms(schema, forms, new SharedCodecs()).get(messageNamed(schema, given));
}

/** The messages of one schema. */
class MessageForms {
  readonly #codecs: MessageCodecs;
  readonly #json: JsonValues | undefined;

  constructor(schema: ProtobufSchema, forms: HeldForms, shared: SharedCodecs) {
    const plans = new MessagePlans(schema.names);
    const isJson = forms.values === "json";
    this.#json = isJson ? new JsonValues(plans, forms.excessFields) : undefined;
    this.#codecs = new MessageCodecs(plans, isJson ? jsonForms : forms, shared);
  }

  get<T>(fullName: string): MessageForm<T> {
    const codec = this.#codecs.get(fullName);
    if (this.#json === undefined) return new ReflectedForm<T>(codec, fullName);
    return jsonForm(new ReflectedForm<unknown>(codec, fullName), this.#json);
  }
}

/** What JSON is made from; who makes values of it has looked for excess fields. */
const jsonForms: ValueForms = { longs: "bigint", enums: "name", excessFields: "drop" };

export function parseOwn(
  text: string,
  references: readonly GivenReference<string>[] = [],
): ProtobufSchema {
  return protobufFormat.parse(
    text,
    resolvedReferences(references, (schema) => schema),
  );
}

export function ownSchema(
  text: string,
  references: readonly GivenReference<string>[] = [],
  recordName?: string,
): OwnSchema {
  return {
    schemaType: "PROTOBUF",
    text,
    references: ownReferences(references, (schema, inner) => ownSchema(schema, inner)),
    ...(recordName === undefined ? {} : { recordName }),
  };
}

/** For `registrySerde`: what is framed, and which message of which schema it is. */
export function protobufCodec<T>(
  own: OwnMessage<T> | undefined,
  message: string | undefined,
  forms: HeldForms,
): SchemaCodec<T> {
  const shared = new SharedCodecs();
  return {
    name: "protobuf",
    schemaType: "PROTOBUF",
    ownSchemas: own?.schema === undefined ? [] : [own.schema],
    writer: (known) => {
      const schema = protobufFormat.parse(known.text, known.references, { isNew: false });
      const form = own?.form ?? formOf<T>(schema, message, forms);
      return writerOf(form, indexesOf(schema, form.fullName ?? messageNamed(schema, message)));
    },
    reader: (known) => {
      const schema = protobufFormat.parse(known.text, known.references, { isNew: false });
      return new MessageReader(
        known.name,
        schema,
        own?.form ?? new MessageForms(schema, forms, shared),
      );
    },
  };
}

function writerOf<T>(form: MessageForm<T>, path: readonly number[]): SchemaWriter<T> {
  return { indexes: messageIndexes(path), write: (value, prefix) => form.write(value, prefix) };
}

/** Reads the messages that one schema of the registry wrote. */
class MessageReader<T> implements SchemaReader<T> {
  /** Of the schema, for messages. */
  readonly #name: string;
  readonly #schema: ProtobufSchema;
  /** The program's message, or those of the schema. */
  readonly #readAs: MessageForm<T> | MessageForms;
  /** By the message's path: there are no more than the schema has messages. */
  readonly #forms = new Map<string, MessageForm<T>>();
  /** Of the first message, which most records hold. */
  #first: MessageForm<T> | undefined;

  constructor(name: string, schema: ProtobufSchema, readAs: MessageForm<T> | MessageForms) {
    this.#name = name;
    this.#schema = schema;
    this.#readAs = readAs;
  }

  read(bytes: Uint8Array, at: number): T {
    if (bytes[at] === 0) {
      this.#first ??= this.#formAt([0]);
      return this.#first.read(bytes, at + 1);
    }
    const { path, end } = readMessageIndexes(bytes, at);
    return this.#formAt(path).read(bytes, end);
  }

  readApart(bytes: Uint8Array, header: Uint8Array, at: number): T {
    const { path } = readMessageIndexes(header, at);
    return this.#formAt(path).read(bytes, 0);
  }

  #formAt(path: readonly number[]): MessageForm<T> {
    const key = path.join();
    const found = this.#forms.get(key);
    if (found !== undefined) return found;
    const fullName = nameAt(this.#schema, path);
    const what = this.#name;
    if (fullName === undefined) {
      throw new ProtobufError(
        "OTHER_MESSAGE",
        `${what} has no message at [${key}]; @kafkajs/confluent-schema-registry writes no such indexes`,
      );
    }
    const readAs = this.#readAs;
    const form = readAs instanceof MessageForms ? readAs.get<T>(fullName) : readAs;
    if (form.fullName !== undefined && form.fullName !== fullName) {
      const problem = `the record holds ${fullName} (${what}), and the serde reads ${form.fullName}`;
      throw new ProtobufError("OTHER_MESSAGE", problem);
    }
    this.#forms.set(key, form);
    return form;
  }
}
