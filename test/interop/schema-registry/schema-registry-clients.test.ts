import { toHex } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { SchemaRegistryClient } from "@millrace/schema-registry";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import type { Serde } from "@millrace/serde";
import { avro } from "@millrace/serde-avro";
import { jsonSchema } from "@millrace/serde-json-schema";
import { protobuf } from "@millrace/serde-protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { missingFor } from "../apache-kafka.ts";
import { startBundledBroker, type BundledBroker } from "../bundled-broker.ts";
import { otherClients, protobufText, type OtherClient } from "./clients.ts";
import type { Answer, Step, StepSchema } from "./steps.ts";

const missing = missingFor("python3", { needsApacheKafka: false });
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeout = 300_000;

const avroText = JSON.stringify({
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [
    { name: "id", type: "string" },
    { name: "n", type: "int" },
  ],
});
const jsonText = JSON.stringify({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Order",
  type: "object",
  properties: { id: { type: "string" }, n: { type: "integer" } },
  required: ["id", "n"],
  additionalProperties: false,
});
const value = { id: "zażółć", n: -300 };

interface Format {
  readonly schema: StepSchema;
  /** What breaks the schema under the default level. */
  readonly incompatible: string;
  readonly invalid: string;
  /** A schema that refers to the first one under the name. */
  readonly referring: string;
  readonly referenceName: string;
  ours(registry: SchemaRegistryClient): Serde<unknown>;
}

const formats: readonly Format[] = [
  {
    schema: { schemaType: "AVRO", schema: avroText },
    incompatible: avroText.replace('"int"}', '"int"},{"name":"more","type":"string"}'),
    invalid: '{"type":"record"}',
    referring: '{"type":"record","name":"Basket","fields":[{"name":"order","type":"shop.Order"}]}',
    referenceName: "shop.Order",
    ours: (registry) => avro<unknown>(avroText, { registry }),
  },
  {
    schema: { schemaType: "JSON", schema: jsonText },
    incompatible: jsonText.replace('"id":{"type":"string"}', '"id":{"type":"boolean"}'),
    invalid: '{"type":7}',
    referring: '{"type":"object","properties":{"order":{"$ref":"order.json"}}}',
    referenceName: "order.json",
    ours: (registry) => jsonSchema<unknown>(jsonText, { registry }),
  },
  {
    schema: { schemaType: "PROTOBUF", schema: protobufText },
    incompatible: protobufText.replace("int32 n", "string n"),
    invalid: "message {",
    referring:
      'syntax = "proto3";\npackage shop;\nimport "order.proto";\nmessage Basket {\n  Order order = 1;\n}\n',
    referenceName: "order.proto",
    ours: (registry) => protobuf<unknown>(protobufText, { registry }),
  },
];

/** What the clients cannot do, whatever the registry. */
const limits: Readonly<Record<string, readonly string[]>> = {
  // It writes Protobuf without message indexes, which no client of Confluent's reads, deletes nothing, refuses a schema
  // that is none by itself, finds what a JSON schema refers to by its `$id` alone, and tells of a refusal its status.
  "@kafkajs/confluent-schema-registry": [
    "write PROTOBUF",
    "delete",
    "invalid",
    "reference JSON",
    "codes",
  ],
};

let broker: BundledBroker;
let server: SchemaRegistryServer;
let registry: SchemaRegistryClient;
let clients: readonly OtherClient[];

describe.skipIf(missing !== undefined)(`on our registry${note}`, { timeout }, () => {
  beforeAll(async () => {
    broker = await startBundledBroker();
    server = await SchemaRegistryServer.start(
      {
        bootstrapServers: broker.address,
        port: 0,
      },
      nodePlatform({ logLevel: "error" }),
    );
    registry = new SchemaRegistryClient({ url: server.url });
    clients = await otherClients();
  }, timeout);

  afterAll(async () => {
    await registry?.close();
    await server?.close();
    await broker?.[Symbol.asyncDispose]();
  });

  test.each([
    "@kafkajs/confluent-schema-registry",
    "@confluentinc/schemaregistry",
    "confluent-kafka",
  ])(
    "%s, unmodified, registers, finds, refers, deletes and is refused as by Confluent's",
    { timeout },
    async (name) => {
      for (const format of formats) await registering(clientNamed(name), format);
    },
  );

  test.each([
    "@kafkajs/confluent-schema-registry",
    "@confluentinc/schemaregistry",
    "confluent-kafka",
  ])("our bytes are those of %s, and each reads the other's", { timeout }, async (name) => {
    for (const format of formats) await exchanging(clientNamed(name), format);
  });

  test.each([
    ["@confluentinc/schemaregistry", ["PROTOBUF"]],
    ["confluent-kafka", ["AVRO", "JSON", "PROTOBUF"]],
  ])("what serializers of %s register by themselves we read", { timeout }, async (name, types) => {
    for (const format of formats.filter(({ schema }) => types.includes(schema.schemaType)))
      await readingWhatRegistersItself(clientNamed(name), format);
  });
});

/** A descriptor for Protobuf, say, which the registry turns into a text of its own. */
async function readingWhatRegistersItself(client: OtherClient, format: Format): Promise<void> {
  const { schemaType, schema: registers } = format.schema;
  const topic = `${client.name.replaceAll(/\W/g, "-")}-registers-${schemaType}`;
  const step: Step = { do: "write", topic, schemaType, registers, value };
  const [written] = await client.run(server.url, [step]);
  if (!("gave" in written)) throw new Error(JSON.stringify(written));
  const serde = format.ours(registry);
  const use = { topic, part: "value", reads: true, writes: false } as const;
  await serde.prepare?.(use, AbortSignal.timeout(timeout));
  const theirs = Buffer.from(String(written.gave), "hex");
  expect(serde.deserialize(theirs, topic), `${client.name} ${schemaType}`).toEqual(value);
}

function clientNamed(name: string): OtherClient {
  const client = clients.find((one) => one.name === name);
  if (client === undefined) throw new Error(`${name} is not installed`);
  return client;
}

async function registering(client: OtherClient, format: Format): Promise<void> {
  const { schema, incompatible, invalid, referring, referenceName } = format;
  const { schemaType } = schema;
  const can = (what: string) => !(limits[client.name] ?? []).includes(what);
  const subject = `${client.name} of ${schemaType}`;
  const references = [{ name: referenceName, subject, version: 1 }];
  const basket = { schemaType, schema: referring, references };
  const gave = (wanted: unknown) => (answer: Answer) =>
    expect(answer, `${client.name} ${schemaType}`).toEqual({ gave: wanted });
  const refused = (status: number, errorCode: number) => (answer: Answer) =>
    expect(answer, `${client.name} ${schemaType}`).toEqual(
      can("codes") ? { status, errorCode } : { status },
    );

  const id = await registry.register(subject, schema).then((answer) => answer.id);
  const steps: readonly (readonly [Step, (answer: Answer) => unknown])[] = [
    [{ do: "register", subject, schema }, gave(id)],
    [{ do: "latest", subject }, gave(id)],
    [{ do: "version", subject, version: 1 }, gave(id)],
    [{ do: "lookUp", subject, schema }, gave(id)],
    [{ do: "byId", subject, id }, (answer) => expect(answer).toHaveProperty("gave")],
    [{ do: "latest", subject: "nothing" }, refused(404, 40401)],
    [{ do: "version", subject, version: 9 }, refused(404, 40402)],
    [{ do: "byId", subject, id: 999_999 }, refused(404, 40403)],
    [
      { do: "register", subject, schema: { schemaType, schema: incompatible } },
      refused(409, 40901),
    ],
    ...(can("invalid")
      ? ([
          [
            { do: "register", subject: `${subject} bad`, schema: { schemaType, schema: invalid } },
            refused(422, 42201),
          ],
        ] as const)
      : []),
    ...(can(`reference ${schemaType}`)
      ? ([
          [
            { do: "register", subject: `${subject} basket`, schema: basket },
            (answer: Answer) => expect(answer).toHaveProperty("gave"),
          ],
        ] as const)
      : []),
    ...(can("delete")
      ? ([
          [{ do: "delete", subject: `${subject} basket`, permanent: false }, gave([1])],
          [{ do: "delete", subject: `${subject} basket`, permanent: true }, gave([1])],
          [{ do: "delete", subject, permanent: false }, gave([1])],
          [{ do: "latest", subject: `${subject} basket` }, refused(404, 40401)],
          [{ do: "delete", subject, permanent: false }, refused(404, 40404)],
        ] as const)
      : []),
  ];
  const answers = await client.run(
    server.url,
    steps.map(([step]) => step),
  );
  for (const [index, [step, check]] of steps.entries()) {
    const answer = answers[index];
    if ("failure" in answer) throw new Error(`${JSON.stringify(step)}: ${answer.failure}`);
    check(answer);
  }
}

async function exchanging(client: OtherClient, format: Format): Promise<void> {
  const { schemaType } = format.schema;
  const topic = `${client.name.replaceAll(/\W/g, "-")}-${schemaType.toLowerCase()}`;
  const serde = format.ours(registry);
  const use = { topic, part: "value", reads: true, writes: true } as const;
  await serde.prepare?.(use, AbortSignal.timeout(timeout));
  const ours = serde.serialize(value, topic);
  const canWrite = !(limits[client.name] ?? []).includes(`write ${schemaType}`);
  const steps: readonly Step[] = [
    { do: "read", topic, schemaType, hex: toHex(ours) },
    ...(canWrite ? ([{ do: "write", topic, schemaType, value }] as const) : []),
  ];
  const [read, written] = await client.run(server.url, steps);
  expect(read, `${client.name} ${schemaType}`).toEqual({ gave: value });
  if (!canWrite) return;
  if (!("gave" in written)) throw new Error(JSON.stringify(written));
  const theirs = Buffer.from(String(written.gave), "hex");
  expect(serde.deserialize(theirs, topic)).toEqual(value);
  if (schemaType !== "JSON") expect(toHex(theirs)).toBe(toHex(ours));
  else expect(toHex(theirs.subarray(0, 5))).toBe(toHex(ours.subarray(0, 5)));
}
