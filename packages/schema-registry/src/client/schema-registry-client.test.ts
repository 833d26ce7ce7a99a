import { describe, expect, test } from "vitest";

import {
  fakeRegistry,
  json,
  refusal,
  testClient,
  type Events,
} from "../../test-support/fake-registry.ts";
import type { SchemaRegistryClientOptions } from "./registry-client-options.ts";
import { SchemaRegistryClient } from "./schema-registry-client.ts";

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

const whole = {
  subject: "s",
  version: 2,
  id: 7,
  guid: "g",
  schemaType: "JSON",
  schema: "{}",
  references: [{ name: "r", subject: "t", version: 1 }],
  metadata: { properties: { owner: "me" } },
};

describe("calls", () => {
  const schema = { schema: "{}", schemaType: "JSON" } as const;
  const calls: [string, (made: SchemaRegistryClient) => Promise<unknown>, unknown, unknown][] = [
    ["GET /schemas/ids/-5", (made) => made.schemaById(-5), whole, undefined],
    ["GET /schemas/guids/g", (made) => made.schemaByGuid("g"), whole, undefined],
    [
      "GET /schemas/guids/g/ids",
      (made) => made.idsOfGuid("g"),
      [{ context: ".", id: 1 }],
      undefined,
    ],
    ["GET /schemas/types", (made) => made.schemaTypes(), ["AVRO"], undefined],
    [
      "GET /schemas?subjectPrefix=a&latestOnly=true",
      (made) => made.schemas({ subjectPrefix: "a", latestOnly: true }),
      [whole],
      undefined,
    ],
    [
      "GET /schemas/ids/1/subjects?deleted=true",
      (made) => made.subjectsOfId(1, { deleted: true }),
      ["s"],
      undefined,
    ],
    [
      "GET /schemas/ids/1/versions",
      (made) => made.versionsOfId(1),
      [{ subject: "s", version: 1 }],
      undefined,
    ],
    [
      "GET /subjects?deletedOnly=true&limit=5",
      (made) => made.subjects({ deletedOnly: true, limit: 5 }),
      ["s"],
      undefined,
    ],
    ["GET /subjects/a%2Fb%20%C3%BC/versions", (made) => made.versions("a/b ü"), [1, 2], undefined],
    ["GET /subjects/s/versions/latest", (made) => made.latestVersion("s"), whole, undefined],
    [
      "GET /subjects/s/versions/2?format=serialized",
      (made) => made.version("s", 2, { format: "serialized" }),
      whole,
      undefined,
    ],
    [
      "GET /subjects/s/versions/2?deleted=true",
      (made) => made.referencedVersion("s", 2),
      whole,
      undefined,
    ],
    [
      "GET /subjects/s/versions/2/referencedby",
      (made) => made.referencedBy("s", 2),
      [3],
      undefined,
    ],
    [
      "GET /subjects/s/metadata?key=a&key=b&value=1&value=2",
      (made) => made.latestWithMetadata("s", { a: "1", b: "2" }),
      whole,
      undefined,
    ],
    [
      "POST /subjects/s/versions?normalize=true",
      (made) => made.register("s", schema, { normalize: true }),
      { id: 7 },
      schema,
    ],
    [
      "POST /subjects/s?deleted=true",
      (made) => made.lookUp("s", schema, { deleted: true }),
      whole,
      schema,
    ],
    [
      "DELETE /subjects/s?permanent=true",
      (made) => made.deleteSubject("s", { permanent: true }),
      [1, 2],
      undefined,
    ],
    [
      "DELETE /subjects/s/versions/latest",
      (made) => made.deleteVersion("s", "latest"),
      2,
      undefined,
    ],
    [
      "POST /compatibility/subjects/s/versions/3?verbose=true",
      (made) => made.testCompatibility("s", schema, { version: 3 }),
      { is_compatible: false, messages: ["m"] },
      schema,
    ],
    [
      "POST /compatibility/subjects/s/versions?verbose=true",
      (made) => made.testCompatibility("s", schema),
      { is_compatible: true },
      schema,
    ],
    [
      "GET /config?defaultToGlobal=true",
      (made) => made.config(),
      { compatibilityLevel: "FULL" },
      undefined,
    ],
    [
      "GET /config/s?defaultToGlobal=false",
      (made) => made.config({ subject: "s", isOwn: true }),
      { compatibilityLevel: "FULL" },
      undefined,
    ],
    [
      "PUT /config/s",
      (made) => made.setConfig({ compatibility: "FULL" }, { subject: "s" }),
      { compatibility: "FULL" },
      { compatibility: "FULL" },
    ],
    ["DELETE /config", (made) => made.deleteConfig(), { compatibilityLevel: "FULL" }, undefined],
    [
      "GET /mode/s?defaultToGlobal=true",
      (made) => made.mode({ subject: "s" }),
      { mode: "READONLY" },
      undefined,
    ],
    [
      "PUT /mode?force=true",
      (made) => made.setMode("IMPORT", { force: true }),
      { mode: "IMPORT" },
      { mode: "IMPORT" },
    ],
    [
      "DELETE /mode/s?recursive=true",
      (made) => made.deleteMode({ subject: "s", recursive: true }),
      { mode: "READONLY" },
      undefined,
    ],
    ["GET /contexts", (made) => made.contexts(), [".", ".blue"], undefined],
    [
      "GET /v1/metadata/version",
      (made) => made.serverVersion(),
      { version: "8.0.0", commitId: "c" },
      undefined,
    ],
    [
      "GET /v1/metadata/id",
      (made) => made.clusterIds(),
      { id: "", scope: { path: [], clusters: { "kafka-cluster": "k" } } },
      undefined,
    ],
  ];

  test.each(calls)("%s", async (line, call, answer, body) => {
    const server = await fakeRegistry(json(200, answer));
    const found = await call(testClient({ url: server.url }));
    expect(found).toBeDefined();
    const [{ method, url, body: sent }] = server.seen;
    expect(`${method} ${url}`).toBe(line);
    expect(sent === "" ? undefined : JSON.parse(sent)).toEqual(body);
  });

  test.each(calls)("%s does not take another server's JSON", async (_line, call) => {
    const server = await fakeRegistry(json(200, [{ hello: "world" }]));
    await expect(call(testClient({ url: server.url }))).rejects.toEqual(code("NOT_A_REGISTRY"));
  });

  test("fill in what servers of 7.x leave out, and keep what those of 8.x add", async () => {
    const server = await fakeRegistry(
      json(200, { schema: '"int"' }),
      json(200, { id: 3 }),
      json(200, whole),
      json(200, { compatibilityLevel: "FULL", compatibilityGroup: "g" }),
      (response) => response.writeHead(204).end(),
    );
    const made = testClient({ url: server.url });
    expect(await made.schemaById(3)).toEqual({
      schema: '"int"',
      schemaType: "AVRO",
      references: [],
    });
    expect(await made.register("s", { schema: '"int"' })).toEqual({ id: 3 });
    expect(await made.latestVersion("s")).toEqual(whole);
    expect(await made.config()).toEqual({ compatibility: "FULL", compatibilityGroup: "g" });
    await made.deleteContext(".blue");
  });

  test("are within the context that the client has, below the path of its address", async () => {
    const server = await fakeRegistry(json(200, []));
    await testClient({ url: `${server.url}/registry/`, context: ".blue" }).subjects();
    expect(server.seen[0].url).toBe("/registry/contexts/.blue/subjects");
  });

  test("that ask for the same at once, or for what never changes, are sent once", async () => {
    const server = await fakeRegistry(json(200, whole));
    const made = testClient({ url: server.url });
    await Promise.all([made.schemaById(7), made.schemaById(7), made.schemaById(7)]);
    await made.schemaById(7);
    await Promise.all([made.register("s", schema), made.register("s", schema)]);
    await made.referencedVersion("s", 2);
    await made.referencedVersion("s", 2);
    expect(server.seen).toHaveLength(3);
    await made.latestVersion("s");
    await made.latestVersion("s");
    expect(server.seen).toHaveLength(5);
  });

  test("keep as many schemas as they may", async () => {
    const server = await fakeRegistry(json(200, whole));
    const made = testClient({ url: server.url, cachedSchemasMax: 2 });
    for (const id of [1, 2, 3, 3, 2, 1]) await made.schemaById(id);
    expect(server.seen.map(({ url }) => url?.slice(-1)).join("")).toBe("1231");
  });
});

describe("sign-in", () => {
  test.each([
    [{ auth: { username: "ü", password: "p:w" } }, "Basic w7w6cDp3"],
    [{ auth: { token: "t" } }, "Bearer t"],
    [{ auth: { token: async () => "later" } }, "Bearer later"],
    [{}, undefined],
  ])("%j sends %s", async (options, expected) => {
    const server = await fakeRegistry(json(200, []));
    await testClient({ url: server.url, ...options }).subjects();
    expect(server.seen[0].headers.authorization).toBe(expected);
  });

  test("takes a name and password that stand in the address, and shows them nowhere", async () => {
    const server = await fakeRegistry(refusal(401, 401));
    const made = testClient({ url: server.url.replace("://", "://me:p%40ss@") });
    const failure = await made.subjects().catch((error: unknown) => error);
    expect(server.seen[0].headers.authorization).toBe(`Basic ${btoa("me:p@ss")}`);
    expect(failure).toEqual(code("ACCESS_DENIED", { status: 401, retriable: false }));
    expect(String(failure) + made.name).not.toMatch(/p@ss|p%40ss/);
  });

  test("a token that cannot be had is told as that, and asked for again", async () => {
    const server = await fakeRegistry(json(200, ["s"]));
    let asked = 0;
    const token = (): string => {
      if (++asked === 1) throw new Error("the vault is sealed");
      return "t";
    };
    expect(await testClient({ url: server.url, auth: { token } }).subjects()).toEqual(["s"]);
    const never = testClient({
      url: server.url,
      apiTimeout: 100,
      auth: { token: () => Promise.reject(new Error("the vault is sealed")) },
    });
    await expect(never.subjects()).rejects.toThrow(
      "GET /subjects: auth.token gives none: the vault is sealed",
    );
    expect(server.seen).toHaveLength(1);
  });

  test("sends further headers", async () => {
    const server = await fakeRegistry(json(200, []));
    await testClient({ url: server.url, headers: { "target-sr-cluster": "lsrc-1" } }).subjects();
    expect(server.seen[0].headers["target-sr-cluster"]).toBe("lsrc-1");
  });
});

describe("a refusal", () => {
  test.each([
    [404, 40401, "SUBJECT_NOT_FOUND"],
    [404, 40402, "VERSION_NOT_FOUND"],
    [404, 40403, "SCHEMA_NOT_FOUND"],
    [404, 40405, "REQUEST_REFUSED"],
    [409, 409, "SCHEMA_INCOMPATIBLE"],
    [409, 40901, "SCHEMA_INCOMPATIBLE"],
    [422, 42201, "SCHEMA_REFUSED"],
    [422, 42205, "REQUEST_REFUSED"],
    [403, 40301, "ACCESS_DENIED"],
  ])(
    "of %i with %i is %s, told once, with subject and the registry's text",
    async (status, errorCode, name) => {
      const server = await fakeRegistry(refusal(status, errorCode, "because"));
      const failure = testClient({ url: server.url }).register("s", { schema: "x" });
      await expect(failure).rejects.toEqual(
        code(name, {
          status,
          errorCode,
          registryMessage: "because",
          subject: "s",
          retriable: false,
        }),
      );
      await expect(failure).rejects.toThrow(/because/);
      expect(server.seen).toHaveLength(1);
    },
  );

  test("of an incompatible schema tells the version", async () => {
    const message =
      "Schema being registered is incompatible … [{oldSchemaVersion: 3}, {oldSchema: …}]";
    const server = await fakeRegistry(refusal(409, 409, message));
    await expect(testClient({ url: server.url }).register("s", { schema: "x" })).rejects.toEqual(
      code("SCHEMA_INCOMPATIBLE", { subject: "s", version: 3 }),
    );
  });

  test.each(["", ", {validateFields: 'false', compatibility: 'BACKWARD'}"])(
    "of an incompatible schema repeats no schema%s",
    async (settings) => {
      const old = JSON.stringify({ type: "record", name: "'}, {R", fields: [] }).repeat(500);
      const message = `incompatible; details: [{errorType:'A'}, {oldSchemaVersion: 3}, {oldSchema: '${old}'}${settings}]`;
      const server = await fakeRegistry(refusal(409, 409, message));
      await expect(testClient({ url: server.url }).register("s", { schema: "x" })).rejects.toThrow(
        `incompatible; details: [{errorType:'A'}, {oldSchemaVersion: 3}${settings}] (409)`,
      );
    },
  );

  test("with a long text is cut", async () => {
    const server = await fakeRegistry(refusal(422, 42201, "x".repeat(100_000)));
    const failure: unknown = await testClient({ url: server.url })
      .register("s", { schema: "x" })
      .catch((error: unknown) => error);
    expect(String(failure).length).toBeLessThan(3000);
  });
});

test.each([1.5, 2 ** 32, 1e300, "7"])("an id that is %s is told, not cut", async (id) => {
  const server = await fakeRegistry(json(200, { id, version: 1 }));
  await expect(testClient({ url: server.url }).register("s", { schema: "x" })).rejects.toEqual(
    code("NOT_A_REGISTRY"),
  );
});

test("rules are kept, and that nobody applies them is told once", async () => {
  const ruleSet = { domainRules: [{ name: "encrypt", type: "ENCRYPT" }] };
  const server = await fakeRegistry(json(200, { ...whole, ruleSet }));
  const logged: Events = [];
  const made = testClient({ url: server.url, logged });
  expect(await made.schemaById(1)).toMatchObject({ ruleSet });
  expect(await made.latestVersion("s")).toMatchObject({ ruleSet, metadata: whole.metadata });
  expect(logged.map(([event]) => event)).toEqual(["schema-registry.rules-not-applied"]);
});

test.each([
  [{}, "url"],
  [{ url: "localhost:8081" }, "url"],
  [{ url: [] }, "url"],
  [{ url: "http://a,ftp://b" }, "url"],
  [{ url: "http://a", auth: { username: "me" } }, "auth"],
  [{ url: "http://a", context: "blue" }, "context"],
  [{ url: "http://a", retryBackoff: "10s" }, "retryBackoff"],
  [{ url: "http://a", apiTimeout: 5 }, "apiTimeout"],
])("options %j are refused", (options, name) => {
  expect(() => new SchemaRegistryClient(options as SchemaRegistryClientOptions)).toThrow(name);
});
