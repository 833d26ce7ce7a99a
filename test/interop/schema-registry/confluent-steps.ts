// Steps by @confluentinc/schemaregistry, unmodified.
import { createRequire } from "node:module";
import { join } from "node:path";

import { runSteps } from "./run-steps.ts";
import type { Step, StepProgram } from "./steps.ts";

/** What of the client is used. */
interface Client {
  register(subject: string, schema: object): Promise<number>;
  getBySubjectAndId(subject: string, id: number): Promise<{ readonly schema: string }>;
  getLatestSchemaMetadata(subject: string): Promise<{ readonly id: number }>;
  getSchemaMetadata(
    subject: string,
    version: number,
    deleted: boolean,
  ): Promise<{ readonly id: number }>;
  getId(subject: string, schema: object): Promise<number>;
  deleteSubject(subject: string, permanent: boolean): Promise<readonly number[]>;
}

type SerdeClass<Method> = new (client: Client, type: string, options: object) => Method;
type Serializer = { serialize(topic: string, value: unknown): Promise<Buffer> };
type Deserializer = { deserialize(topic: string, bytes: Buffer): Promise<unknown> };

interface Library {
  readonly SchemaRegistryClient: new (options: object) => Client;
  readonly SerdeType: { readonly VALUE: string };
  readonly AvroSerializer: SerdeClass<Serializer>;
  readonly AvroDeserializer: SerdeClass<Deserializer>;
  readonly JsonSerializer: SerdeClass<Serializer>;
  readonly JsonDeserializer: SerdeClass<Deserializer>;
  readonly ProtobufSerializer: SerdeClass<Serializer>;
  readonly ProtobufDeserializer: SerdeClass<Deserializer>;
}

/** Of @bufbuild/protobuf, which the client's Protobuf serdes are on. */
interface Messages {
  create(description: unknown, value: unknown): unknown;
  toJson(description: unknown, value: unknown): unknown;
  createMutableRegistry(...descriptions: readonly unknown[]): unknown;
}
interface Descriptions {
  fileDesc(base64: string): unknown;
  messageDesc(file: unknown, index: number): unknown;
}

const program = JSON.parse(process.argv[2]) as StepProgram; // written by the test
const require = createRequire(join(program.cache, "package.json"));
const library = require("@confluentinc/schemaregistry") as Library;
const messages = require("@bufbuild/protobuf") as Messages;
const { fileDesc, messageDesc } = require("@bufbuild/protobuf/codegenv2") as Descriptions;
const client = new library.SchemaRegistryClient({
  baseURLs: [program.url],
  maxRetries: 0,
  createAxiosDefaults: { headers: { "Content-Type": "application/vnd.schemaregistry.v1+json" } },
});
const type = library.SerdeType.VALUE;

async function perform(step: Step): Promise<unknown> {
  switch (step.do) {
    case "register":
      return client.register(step.subject, step.schema);
    case "byId":
      return (await client.getBySubjectAndId(step.subject, step.id)).schema;
    case "latest":
      return (await client.getLatestSchemaMetadata(step.subject)).id;
    case "version":
      return (await client.getSchemaMetadata(step.subject, step.version, false)).id;
    case "lookUp":
      return client.getId(step.subject, step.schema);
    case "delete":
      return client.deleteSubject(step.subject, step.permanent);
    case "write":
      return (await serializerOf(step)(step.topic, step.value)).toString("hex");
    case "read":
      return deserializerOf(step.schemaType)(step.topic, Buffer.from(step.hex, "hex"));
  }
}

function serializerOf({
  schemaType,
  registers,
}: Step & { readonly do: "write" }): (topic: string, value: unknown) => Promise<Buffer> {
  const isKnown = registers === undefined;
  const options = { useLatestVersion: isKnown, autoRegisterSchemas: !isKnown };
  if (schemaType !== "PROTOBUF") {
    const { [schemaType === "AVRO" ? "AvroSerializer" : "JsonSerializer"]: Serializer } = library;
    const serializer = new Serializer(client, type, options);
    return (topic, value) => serializer.serialize(topic, value);
  }
  const description = messageDesc(fileDesc(program.descriptor), 0);
  const registry = messages.createMutableRegistry(description);
  const serializer = new library.ProtobufSerializer(client, type, { ...options, registry });
  return (topic, value) => serializer.serialize(topic, messages.create(description, value));
}

function deserializerOf(schemaType: string): (topic: string, bytes: Buffer) => Promise<unknown> {
  const name = { AVRO: "Avro", JSON: "Json", PROTOBUF: "Protobuf" }[schemaType];
  const { [`${name}Deserializer` as "AvroDeserializer"]: Deserializer } = library;
  const deserializer = new Deserializer(client, type, {});
  return async (topic, bytes) => {
    const value = await deserializer.deserialize(topic, bytes);
    if (schemaType !== "PROTOBUF") return value;
    return messages.toJson(messageDesc(fileDesc(program.descriptor), 0), value);
  };
}

await runSteps(program.steps, perform, (error) => {
  const { status, errorCode } = error as { readonly status?: number; readonly errorCode?: number };
  return status === undefined || errorCode === undefined ? undefined : { status, errorCode };
});
