import { get } from "node:http";

import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import type { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { optional, string } from "@millrace/serde";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { startBundledBroker, type BundledBroker } from "../interop/bundled-broker.ts";
import {
  ask,
  recordWith,
  register,
  startRegistry,
  type RegistryOptions,
} from "./registry-world.ts";

let broker: BundledBroker;
const open: SchemaRegistryServer[] = [];
let topicCount = 0;

beforeAll(async () => {
  broker = await startBundledBroker();
});
afterAll(() => broker[Symbol.asyncDispose]());
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

function ownTopic(): { readonly topic: string; readonly groupId: string } {
  const topic = `_schemas-${++topicCount}`;
  return { topic, groupId: topic };
}

async function start(options: RegistryOptions): Promise<SchemaRegistryServer> {
  const server = await startRegistry(broker.address, options);
  open.push(server);
  return server;
}

async function write(
  topic: string,
  records: readonly (readonly [string, string | null])[],
): Promise<void> {
  await using client = connect(nodePlatform({ logLevel: "silent" }), {
    bootstrapServers: broker.address,
  });
  await client.admin.createTopics([{ name: topic, partitionCount: 1 }]);
  await using producer = client.producer();
  for (const [key, value] of records) await producer.send({ topic, key, value });
}

async function recordsOf(
  topic: string,
): Promise<readonly { readonly key: string | null; readonly value: string | null }[]> {
  await using client = connect(nodePlatform({ logLevel: "silent" }), {
    bootstrapServers: broker.address,
  });
  const [end] = await client.admin.listOffsets([{ topic, partition: 0, at: "latest" }]);
  const consumer = client.consumer({
    topics: [topic],
    key: string(),
    value: optional(string()),
    autoOffsetReset: "earliest",
  });
  const records = [];
  for await (const { key, value, offset } of consumer) {
    records.push({ key, value });
    if (offset === end.offset - 1) break;
  }
  return records;
}

test("what was registered is read at once, and after a restart", async () => {
  const place = ownTopic();
  const first = await start(place);
  for (let index = 1; index <= 20; index++) {
    const id = await register(first.url, `s${index}`, recordWith(`f${index}`));
    expect(id).toBe(index);
    expect((await ask(first.url, `GET /schemas/ids/${id}`)).status).toBe(200);
  }
  await first.close();
  const second = await start(place);
  expect((await ask(second.url, "GET /subjects")).body).toHaveLength(20);
  expect(await register(second.url, "s1", recordWith("f1"))).toBe(1);
  expect(await register(second.url, "new", recordWith("new"))).toBe(21);
});

test("registrations at once get an id each, the same schema the same one", async () => {
  const { url } = await start(ownTopic());
  const ids = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      register(url, `s${index}`, recordWith(`f${index % 20}`)),
    ),
  );
  expect(new Set(ids)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => index + 1)));
  for (const [index, id] of ids.entries()) expect(id).toBe(ids[index % 20]);
});

test("an id that was deleted for good is not given again, though compaction has taken all of it", async () => {
  const place = ownTopic();
  const first = await start(place);
  expect(await register(first.url, "kept", recordWith("k"))).toBe(1);
  expect(await register(first.url, "s", recordWith("a"))).toBe(2);
  expect(await register(first.url, "s", recordWith("a", "b"))).toBe(3);
  await ask(first.url, "DELETE /subjects/s");
  expect((await ask(first.url, "DELETE /subjects/s?permanent=true")).body).toEqual([1, 2]);
  await first.close();

  const compacted = ownTopic();
  const left = [...(await lastRecords(place.topic))].filter(([, value]) => value !== null);
  expect(left.map(([key]) => key).join()).not.toContain('"version":2');
  await write(compacted.topic, left);
  const second = await start(compacted);
  expect((await ask(second.url, "GET /subjects?deleted=true")).body).toEqual(["kept"]);
  expect((await ask(second.url, "GET /schemas/ids/3")).status).toBe(404);
  expect(await register(second.url, "t", recordWith("c"))).toBe(4);
});

test("it is called by the name that it is advertised by, and by no other that it is not told", async () => {
  const { address } = await start({ ...ownTopic(), advertisedHost: "registry-1" });
  const statusBy = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const asked = { host: "127.0.0.1", port: address.port, path: "/subjects", headers: { host } };
      get(asked, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
  expect(await statusBy("registry-1:8081")).toBe(200);
  expect(await statusBy("registry-2:8081")).toBe(421);
});

test("a rule set is kept, and makes another schema", async () => {
  const { url } = await start(ownTopic());
  const schema = recordWith("a");
  const rule = { name: "check", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "true" };
  const ruleSet = { domainRules: [rule] };
  const plain = await ask(url, "POST /subjects/s/versions", { schema });
  const ruled = await ask(url, "POST /subjects/s/versions", { schema, ruleSet });
  expect(plain.body).toMatchObject({ id: 1 });
  expect(ruled.body).toMatchObject({ id: 2, version: 2, ruleSet });
  expect((await ask(url, "GET /schemas/ids/2")).body).toMatchObject({ ruleSet });
  const wrong = { domainRules: [{ ...rule, mode: "UPGRADE" }] };
  const refused = await ask(url, "POST /subjects/s/versions", { schema, ruleSet: wrong });
  expect(refused).toMatchObject({ status: 422, body: { error_code: 42210 } });
});

test("metadata of the settings is given to what is registered", async () => {
  const { url } = await start(ownTopic());
  const defaultMetadata = { properties: { owner: "team", level: "low" } };
  const overrideMetadata = { properties: { level: "high" } };
  await ask(url, "PUT /config/s", { defaultMetadata, overrideMetadata });
  const { body } = await ask(url, "POST /subjects/s/versions", { schema: recordWith("a") });
  expect(body).toMatchObject({ metadata: { properties: { level: "high", owner: "team" } } });
  const again = await ask(url, "POST /subjects/s/versions", { schema: recordWith("a") });
  expect(again.body).toEqual(body);
});

test("what breaks is named: subject, version, field and rule", async () => {
  const { url } = await start(ownTopic());
  await register(url, "orders", recordWith("a"));
  const fields = [{ name: "total", type: "int" }];
  const schema = JSON.stringify({ type: "record", name: "R", fields });
  const { status, body } = await ask(url, "POST /subjects/orders/versions", { schema });
  expect(status).toBe(409);
  const { message } = body as { readonly message: string };
  for (const named of ["orders", "oldSchemaVersion: 1", "total", "BACKWARD"])
    expect(message).toContain(named);
});

test("a schema whose reference is missing names it", async () => {
  const { url } = await start(ownTopic());
  const references = [{ name: "people.Address", subject: "address", version: 3 }];
  const { status, body } = await ask(url, "POST /subjects/s/versions", {
    schema: recordWith("a"),
    references,
  });
  expect(status).toBe(422);
  expect(body).toMatchObject({ error_code: 42201 });
  expect((body as { readonly message: string }).message).toMatch(/people\.Address.*address/);
});

describe("a topic of a Confluent registry", () => {
  test("of an old one is read, and written on", async () => {
    const place = ownTopic();
    await write(place.topic, [
      ['{"keytype":"NOOP","magic":0}', null],
      [
        '{"keytype":"CONFIG","subject":null,"magic":0}',
        '{"subject":null,"compatibilityLevel":"NONE"}',
      ],
      [
        '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
        '{"subject":"s","version":1,"id":41,"schema":"\\"int\\"","deleted":false}',
      ],
      ['{"keytype":"MODE","subject":null,"magic":0}', '{"mode":"READWRITE"}'],
    ]);
    const { url } = await start(place);
    expect((await ask(url, "GET /config")).body).toEqual({ compatibilityLevel: "NONE" });
    expect((await ask(url, "GET /subjects/s/versions/1")).body).toMatchObject({
      id: 41,
      schemaType: "AVRO",
    });
    expect(await register(url, "s", '"string"')).toBe(42);
  });

  test("with schemas that a new registry would refuse: they are found, compared and written on", async () => {
    const place = ownTopic();
    const old = {
      type: "record",
      name: "R",
      namespace: "my-company.x",
      fields: [{ name: "a", type: ["null", "int"], default: "none" }],
    };
    const next = {
      ...old,
      namespace: "my_company.x",
      fields: [{ ...old.fields[0], default: null }],
    };
    const [schema, later] = [JSON.stringify(old), JSON.stringify(next)];
    await write(place.topic, [
      [
        '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
        JSON.stringify({ subject: "s", version: 1, id: 41, schema, deleted: false }),
      ],
    ]);
    const { url } = await start(place);
    expect((await ask(url, "POST /subjects/s", { schema })).body).toMatchObject({ version: 1 });
    expect(await register(url, "s", schema)).toBe(41);
    expect((await ask(url, "POST /subjects/t", { schema })).body).toMatchObject({
      error_code: 40401,
    });
    for (const request of ["POST /subjects/t/versions", "POST /compatibility/subjects/t/versions"])
      expect((await ask(url, request, { schema })).body).toMatchObject({ error_code: 42201 });
    expect(await register(url, "s", later)).toBe(42);
    await ask(url, "PUT /mode/imported", { mode: "IMPORT" });
    const imported = { schema, id: 41, version: 7 };
    expect((await ask(url, "POST /subjects/imported/versions", imported)).status).toBe(200);
  });

  test("with a Protobuf that a new registry would refuse: its subject takes later versions", async () => {
    const place = ownTopic();
    const schemaType = "PROTOBUF";
    const schema = 'syntax = "proto3";\n\nenum E {\n  A = 1;\n}\n';
    const later = 'syntax = "proto3";\n\nenum E {\n  NONE = 0;\n  A = 1;\n}\n';
    await write(place.topic, [
      [
        '{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}',
        JSON.stringify({ subject: "s", version: 1, id: 41, schemaType, schema, deleted: false }),
      ],
    ]);
    const { url } = await start(place);
    const found = await ask(url, "POST /subjects/s", { schemaType, schema });
    expect(found.body).toMatchObject({ version: 1 });
    const refused = await ask(url, "POST /subjects/t/versions", { schemaType, schema });
    expect(refused.body).toMatchObject({ error_code: 42201 });
    const taken = await ask(url, "POST /subjects/s/versions", { schemaType, schema: later });
    expect(taken.body).toMatchObject({ id: 42 });
  });

  test("with keys spelled otherwise, as Karapace does: what is removed is removed under these too", async () => {
    const place = ownTopic();
    const foreign = '{"magic":1,"version":1,"subject":"s","keytype":"SCHEMA"}';
    const whole = '{"keytype":"CONFIG","subject":null,"magic":0}';
    const stored = { subject: "s", version: 1, id: 7, schema: '"int"', deleted: false };
    await write(place.topic, [
      [foreign, JSON.stringify(stored)],
      [whole, '{"compatibilityLevel":"NONE"}'],
    ]);
    const { url } = await start(place);
    await ask(url, "DELETE /subjects/s");
    await ask(url, "DELETE /subjects/s?permanent=true");
    await ask(url, "DELETE /config");
    const records = await recordsOf(place.topic);
    for (const key of [foreign, whole])
      expect(records.findLast((record) => record.key === key)?.value).toBe(null);
    expect((await ask(url, "GET /subjects?deleted=true")).body).toEqual([]);
  });

  test("with records that nobody knows, or that are damaged, is read around them", async () => {
    const place = ownTopic();
    await write(place.topic, [
      ["", "x"],
      ["nonsense", "x"],
      ['{"keytype":"ASSOC","magic":0}', "{}"],
      ['{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', "{"],
      [
        '{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}',
        '{"subject":"s","version":2,"id":5,"schema":"\\"int\\"","deleted":false,"later":{}}',
      ],
    ]);
    const { url } = await start(place);
    expect((await ask(url, "GET /subjects/s/versions")).body).toEqual([2]);
  });

  test("with two leaders' records: the first keeps its id, and the other's is written over", async () => {
    const place = ownTopic();
    const key = (subject: string) =>
      `{"keytype":"SCHEMA","subject":"${subject}","version":1,"magic":1}`;
    const value = (subject: string, schema: string) =>
      JSON.stringify({ subject, version: 1, id: 1, schemaType: "AVRO", schema, deleted: false });
    await write(place.topic, [
      [key("s"), value("s", '"int"')],
      [key("t"), value("t", '"long"')],
    ]);
    const first = await start(place);
    expect((await ask(first.url, "GET /subjects")).body).toEqual(["s"]);
    // A late one, while this leads.
    await write(place.topic, [[key("s"), value("s", '"string"')]]);
    await register(first.url, "u", '"float"');
    await first.close();
    const records = await lastRecords(place.topic);
    expect(records.get(key("t"))).toBe(null);
    expect(JSON.parse(records.get(key("s")) ?? "")).toMatchObject({ schema: '"int"' });
  });
});

/** As compaction leaves them. */
async function lastRecords(topic: string): Promise<ReadonlyMap<string, string | null>> {
  await using client = connect(nodePlatform({ logLevel: "silent" }), {
    bootstrapServers: broker.address,
  });
  const [end] = await client.admin.listOffsets([{ topic, partition: 0, at: "latest" }]);
  const last = new Map<string, string | null>();
  await using consumer = client.consumer({ topics: [topic], autoOffsetReset: "earliest" });
  for await (const { key, value, offset } of consumer) {
    const text = value === null ? null : Buffer.from(value).toString();
    last.set(Buffer.from(key ?? []).toString(), text);
    if (offset >= end.offset - 1) break;
  }
  return last;
}
