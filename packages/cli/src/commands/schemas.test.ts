import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { millrace, type Ended, type InProcess } from "../../test-support/run-millrace.ts";

let folder: string;
let broker: Broker;
let registry: SchemaRegistryServer;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-schemas-"));
  const platform = nodePlatform({ logLevel: "error" });
  broker = await Broker.start(platform, {
    dataDirectory: folder,
    port: 0,
    durability: "memory",
    properties: { "group.initial.rebalance.delay.ms": "0" },
    codecs: nodeCompression,
  });
  address = `127.0.0.1:${broker.address.port}`;
  registry = await SchemaRegistryServer.start(
    {
      bootstrapServers: address,
      port: 0,
      codecs: nodeCompression,
      signIn: { users: { ada: "secret" }, tokens: ["token-of-bob"] },
    },
    platform,
  );
  file("password", "secret\n");
});
afterAll(async () => {
  await registry.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof text === "string" ? text : JSON.stringify(text));
  return path;
}

/** Runs `millrace COMMAND` on the registry, signed in; the words are split at blanks. */
function run(words: string, more: InProcess = {}): Promise<Ended> {
  const parameters = words.split(" ").filter((word) => word !== "");
  const access = ["--registry", registry.url, "--registry-user", "ada"];
  return millrace(
    [...parameters, ...access, "--registry-password", join(folder, "password")],
    more,
  );
}

async function done(words: string, more: InProcess = {}): Promise<string> {
  const ended = await run(words, more);
  expect(ended.err).toBe("");
  expect(ended.code).toBe(0);
  return ended.out;
}

async function failed(words: string, code = 1): Promise<Ended> {
  const ended = await run(words);
  expect(ended.code).toBe(code);
  expect(ended.err.trimEnd().split("\n")).toHaveLength(1);
  return ended;
}

const record = (fields: readonly object[]): object => ({ type: "record", name: "Order", fields });
const id = { name: "id", type: "string" };

describe("schemas", () => {
  test("are registered, listed, printed and deleted", async () => {
    const first = file("order.avsc", record([id]));
    const second = file("order-2.avsc", record([id, { name: "cents", type: "long", default: 0 }]));
    expect(await done("schemas list --prefix none")).toBe("subject  version  id  type\n");
    expect(await done(`schemas register a-value ${first}`)).toBe("a-value version 1 has id 1\n");
    expect(await done(`schemas register a-value ${first}`)).toBe("a-value version 1 has id 1\n");
    expect(JSON.parse(await done(`schemas register a-value ${second} --json`))).toEqual({
      subject: "a-value",
      version: 2,
      id: 2,
    });
    expect(await done("schemas")).toMatch(/^subject +version +id +type\na-value +2 +2 +AVRO\n$/);
    expect(await done("schemas list --versions")).toMatch(/a-value +1 +1 +AVRO\na-value +2 +2/);
    expect(JSON.parse(await done("schemas get a-value --version 1"))).toEqual(record([id]));
    expect(JSON.parse(await done("schemas get --id 2 --json"))).toMatchObject({
      schemaType: "AVRO",
    });
    expect(await done("schemas delete a-value --version 1")).toBe("a-value version 1 deleted\n");
    expect(await done("schemas list --versions --deleted")).toMatch(/a-value +1 +1 +AVRO +deleted/);
    expect(await done("schemas delete a-value --version 1 --permanent")).toContain("for good");
    expect(await done("schemas delete a-value")).toBe("a-value version 2 deleted\n");
    expect((await failed("schemas get a-value")).err).toContain("a-value");
  });

  test("are checked: what breaks is told, and is exit code 1", async () => {
    await done(`schemas register b-value ${file("b.avsc", record([id]))}`);
    const breaking = file("b-2.avsc", record([id, { name: "cents", type: "long" }]));
    const ended = await failed(`schemas check b-value ${breaking}`);
    expect(ended.out).toMatch(/^! .*"cents".* \(READER_FIELD_MISSING_DEFAULT_VALUE\)\n$/);
    expect(ended.err).toMatch(/b-value would not take .*b-2\.avsc/);
    const fine = file("b-3.avsc", record([id, { name: "cents", type: "long", default: 0 }]));
    expect(await done(`schemas check b-value ${fine}`)).toContain("b-value would take");
    const json = await failed(`schemas check b-value ${breaking} --json`);
    expect(JSON.parse(json.out)).toMatchObject({ subject: "b-value", isCompatible: false });
  });

  test("are compared in words, versions and files, in both directions", async () => {
    const schema = (properties: object): object => ({ type: "object", properties });
    await done(`schemas register c-value ${file("c.json", schema({ n: { type: "integer" } }))}`);
    await done(`schemas register c-value ${file("c2.json", schema({ n: { type: "number" } }))}`);
    const told = await done("schemas diff c-value");
    expect(told).toBe(
      'from version 1 to version 2:\n  changed: /properties/n/type: "integer" → "number"\n' +
        "a reader of version 2, of what was written with version 1:\n" +
        "  at #/properties/n numbers are allowed where integers were (TYPE_EXTENDED)\n" +
        "a reader of version 1, of what was written with version 2:\n" +
        "! at #/properties/n only integers are allowed where numbers were (TYPE_NARROWED)\n",
    );
    expect(await done("schemas diff c-value --from 2 --to 1")).toMatch(/^! .*TYPE_NARROWED/m);
    const same = await done(`schemas diff c-value ${join(folder, "c2.json")}`);
    expect(same.match(/nothing is unlike/g)).toHaveLength(2);
    expect((await failed("schemas diff c-value --to 1")).err).toContain("no version before");
    const third = { ...record([id, { name: "note", type: "string", default: "" }]), doc: "3" };
    for (const [index, schema] of [record([id]), { ...record([id]), doc: "2" }, third].entries())
      await done(`schemas register d-value ${file(`d${index + 1}.json`, schema)} --type avro`);
    await done("schemas delete d-value --version 2");
    expect(await done("schemas diff d-value")).toContain(
      "a reader of version 3, of what was written with version 1",
    );
  });

  test.each([
    [
      "avsc",
      JSON.stringify(
        record([
          id,
          { name: "old", type: "int", doc: "a", default: 1 },
          { name: "sum", type: { type: "record", name: "Sum", doc: "a", fields: [] } },
        ]),
      ),
      JSON.stringify(
        record([
          { name: "old", type: "int", doc: "b", default: 2, order: "ignore" },
          id,
          { name: "new", type: "string", default: "x" },
          { name: "sum", type: { type: "record", name: "Sum", doc: "b", fields: [] } },
        ]),
      ),
      [
        '  changed: /fields/old/doc: "a" → "b"',
        "  changed: /fields/old/default: 1 → 2",
        '  added: /fields/old/order: "ignore"',
        '  added: /fields/new: {"name":"new","type":"string","default":"x"}',
        '  changed: /fields/sum/type/doc: "a" → "b"',
        "  reordered: /fields: ",
      ],
    ],
    [
      "json",
      '{"type":"object","description":"a","required":["x"],"properties":{"x":{"type":"string","default":1}}}',
      '{"type":"object","description":"b","required":["x","y"],"properties":{"x":{"type":"string","default":9007199254740993}}}',
      [
        '  changed: /description: "a" → "b"',
        "  changed: /properties/x/default: 1 → 9007199254740993",
        '  added: /required/"y": "y"',
      ],
    ],
    [
      "proto",
      'syntax = "proto3"; message M { string a = 1; int32 b = 2; reserved 9; }',
      'syntax = "proto3"; option java_package = "x"; message M { string a2 = 1; repeated int32 b = 2 [deprecated = true]; string c = 3; }',
      [
        "  added: /options: ",
        '  changed: /types/M/fields/a2/name: "a" → "a2"',
        '  added: /types/M/fields/b/label: "repeated"',
        "  added: /types/M/fields/c: ",
        "  removed: /types/M/reserved: ",
      ],
    ],
  ])("every difference is told, whoever it is nothing to: .%s", async (end, older, newer, told) => {
    const subject = `told-${end}`;
    await done(`schemas register ${subject} ${file(`told.${end}`, older)}`);
    const lines = await done(`schemas diff ${subject} ${file(`told-2.${end}`, newer)}`);
    for (const line of told) expect(lines).toContain(line);
    expect(lines).not.toMatch(/\((\w+)\).*\(\1/);
    const same = await done(`schemas diff ${subject} ${join(folder, `told.${end}`)}`);
    expect(same).toContain("nothing is changed");
  });

  test("refer to others by name, subject and version", async () => {
    const common = file("common.proto", 'syntax = "proto3"; message Money { int64 cents = 1; }');
    await done(`schemas register money ${common}`);
    const text =
      'syntax = "proto3"; import "money.proto"; message Bill { string id = 1; Money sum = 2; }';
    const bill = file("bill.proto", text);
    expect((await failed(`schemas register bills-value ${bill}`)).err).toContain("money.proto");
    await done(`schemas register bills-value ${bill} --reference money.proto=money:1`);
    expect(JSON.parse(await done("schemas get bills-value --json"))).toMatchObject({
      references: [{ name: "money.proto", subject: "money", version: 1 }],
    });
  });

  test.each([
    [
      "proto",
      'syntax = "proto3"; package c; message Money { int64 cents = 1; }',
      'syntax = "proto3"; package c; import "parts/base.proto"; message Sum { Money money = 1; }',
      'syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "parts/sum.proto"; message Bill { c.Sum sum = 1; google.protobuf.Timestamp at = 2; }',
    ],
    [
      "json",
      '{"type": "integer"}',
      '{"type": "object", "properties": {"money": {"$ref": "parts/base.json"}}}',
      '{"type": "object", "properties": {"sum": {"$ref": "parts/sum.json#"}}}',
    ],
  ])("files that it imports are found beside it: .%s", async (end, base, sum, bill) => {
    mkdirSync(join(folder, "parts"), { recursive: true });
    file(`parts/base.${end}`, base);
    file(`parts/sum.${end}`, sum);
    const path = file(`bill-of-parts.${end}`, bill);
    const missing = await failed(`schemas check parts-${end} ${path}`);
    expect(missing.err).toContain(`parts/base.${end}`);
    expect(await done(`schemas register parts-${end} ${path}`)).toContain("version 1");
    const names = JSON.parse(await done(`schemas get parts/sum.${end} --json`)) as object;
    expect(names).toMatchObject({ references: [{ name: `parts/base.${end}`, version: 1 }] });
    expect(await done(`schemas check parts-${end} ${path}`)).toContain("would take");
    expect(await done(`schemas diff parts-${end} ${path}`)).toContain("nothing is unlike");
    // Of a file that is in the folder which the import names too.
    expect(
      await done(`schemas register sums-${end} ${join(folder, "parts", `sum.${end}`)}`),
    ).toContain("version 1");
  });

  test("files that import each other are told", async () => {
    file("ring.proto", 'syntax = "proto3"; import "ring-2.proto";');
    const ring = file("ring-2.proto", 'syntax = "proto3"; import "ring.proto";');
    const { err } = await failed(`schemas check ring ${ring}`);
    expect(err).toContain("ring.proto → ring-2.proto → ring.proto");
  });

  test("what is not understood, not there, or not allowed is told in one line", async () => {
    expect((await failed("schemas get nowhere")).err).toContain("nowhere");
    expect((await failed("schemas register d x.txt", 2)).err).toContain("--type");
    expect((await failed("schemas register d nowhere.avsc")).err).toContain("cannot be read");
    expect((await failed("schemas get a --id 1", 2)).err).toContain("not both");
    expect((await failed("schemas get a --version x", 2)).err).toContain("x is no version");
    const wrong = file("wrong.avsc", '{"type":"nothing"}');
    expect((await failed(`schemas register d ${wrong}`)).err).toContain("nothing");
    const anybody = await millrace(["schemas", "list", "--registry", registry.url]);
    expect(anybody.code).toBe(1);
    expect(anybody.err).toMatch(/401|sign/);
    const bob = ["--registry-token", file("token", "token-of-bob")];
    expect((await millrace(["schemas", "--registry", registry.url, ...bob])).code).toBe(0);
  });
});

describe("produce and consume by schemas of a registry", () => {
  const at = (words: string, more: InProcess = {}): Promise<string> =>
    done(`${words} --bootstrap-server ${address}`, more);

  async function topic(name: string): Promise<void> {
    const words = ["topics", "create", name, "--partitions", "1", "--bootstrap-server", address];
    expect((await millrace(words)).code).toBe(0);
  }

  test.each([
    [
      "avro",
      "orders.avsc",
      record([id, { name: "cents", type: "long" }, { name: "raw", type: "bytes" }]),
      '{"id":"a","cents":9007199254740991,"raw":{"base64":"AAEC"}}',
    ],
    [
      "protobuf",
      "orders.proto",
      'syntax = "proto3"; message Order { string id = 1; int64 cents = 2; }',
      '{"id":"a","cents":"9007199254740993"}',
    ],
    [
      "json-schema",
      "orders.json",
      { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      '{"id":"a","cents":1.5}',
    ],
  ])("%s: a line of JSON is written and printed", async (format, path, schema, line) => {
    const name = `typed-${format}`;
    await topic(name);
    await at(`produce ${name} --value ${format} --schema ${file(path, schema)}`, {
      lines: [line],
    });
    await at(`produce ${name} --value ${format}`, { lines: [line] });
    const printed = await at(`consume ${name} --value ${format} --from-beginning --to-end`);
    expect(printed).toBe(`${line}\n${line}\n`);
    const hex = await at(`consume ${name} --value hex --from-beginning --count 1`);
    expect(hex).toMatch(/^00000000/);
    const json = await at(`consume ${name} --value ${format} --from-beginning --count 1 --json`);
    expect(json).toContain(`"value":${line}`);
    expect(await done("schemas list --prefix typed")).toContain(`${name}-value`);
  });

  test.each([
    [
      "avro",
      "exact.avsc",
      record([
        { ...id, type: "long" },
        { name: "from", type: ["null", "long"] },
        { name: "ratio", type: "double" },
      ]),
      '{"id":9007199254740993,"from":-9223372036854775808,"ratio":123456789012345680000}',
    ],
    [
      "protobuf",
      "exact.proto",
      'syntax = "proto3"; import "google/protobuf/struct.proto"; message Order { google.protobuf.Struct id = 1; }',
      '{"id":{"base64":"AAEC"}}',
    ],
    [
      "json-schema",
      "exact.json",
      {},
      '{"id":9007199254740993,"price":1.10,"at":{"base64":"AAEC"}}',
    ],
  ])(
    "%s: what is printed can be written again, digit for digit",
    async (format, path, schema, line) => {
      const name = `exact-${format}`;
      await topic(name);
      const produce = `produce ${name} --value ${format} --schema ${file(path, schema)}`;
      await at(produce, { lines: [line] });
      const consume = `consume ${name} --value ${format} --from-beginning --to-end`;
      expect(await at(consume)).toBe(`${line}\n`);
    },
  );

  test("protobuf: numbers of 64 bits may be numbers", async () => {
    await topic("numbers");
    const schema = file(
      "numbers.proto",
      'syntax = "proto3"; message N { int64 id = 1; double d = 2; }',
    );
    await at(`produce numbers --value protobuf --schema ${schema}`, {
      lines: ['{"id":9007199254740993,"d":0.1}'],
    });
    expect(await at("consume numbers --value protobuf --from-beginning --to-end")).toBe(
      '{"id":"9007199254740993","d":0.1}\n',
    );
  });

  test.each(["proto beside", "proto referred to", "avro referred to"])(
    "what a schema imports is written and read with it: %s",
    async (kind) => {
      const name = kind.replaceAll(" ", "-");
      await topic(name);
      let format = `protobuf --schema ${file(`${name}.proto`, `syntax = "proto3"; import "${name}-money.proto"; message Bill { Money sum = 1; }`)}`;
      const money = 'syntax = "proto3"; message Money { int64 cents = 1; }';
      if (kind === "proto beside") file(`${name}-money.proto`, money);
      if (kind === "proto referred to") {
        await done(`schemas register ${name}-m ${file("elsewhere.proto", money)}`);
        format += ` --reference ${name}-money.proto=${name}-m:1`;
      }
      if (kind === "avro referred to") {
        const inner = {
          type: "record",
          name: "Money",
          fields: [{ name: "cents", type: "string" }],
        };
        await done(`schemas register ${name}-m ${file("money.avsc", inner)}`);
        const bill = file("bill.avsc", record([{ name: "sum", type: "Money" }]));
        format = `avro --schema ${bill} --reference Money=${name}-m:1`;
      }
      const line = '{"sum":{"cents":"5"}}';
      await at(`produce ${name} --value ${format}`, { lines: [line] });
      const consume = `consume ${name} --from-beginning --to-end --value`;
      expect(await at(`${consume} ${format}`)).toBe(`${line}\n`);
      expect(await at(`${consume} ${format.split(" ")[0]}`)).toBe(`${line}\n`);
    },
  );

  test.each([
    ["avro", "notes.avsc", record([id, { name: "note", type: "string", default: "" }])],
    [
      "protobuf",
      "notes.proto",
      'syntax = "proto3"; message Order { string id = 1; string note = 2; }',
    ],
  ])(
    "%s: a line with a field that the schema does not have is refused",
    async (format, path, schema) => {
      const name = `misspelt-${format}`;
      await topic(name);
      const words = `produce ${name} --value ${format} --schema ${file(path, schema)}`;
      const lines = ['{"id":"a","notes":"x"}'];
      const ended = await run(`${words} --bootstrap-server ${address}`, { lines });
      expect(ended.code).toBe(1);
      expect(ended.err).toContain('has "notes", which');
      expect(ended.err).toContain("did you mean note?");
    },
  );

  test("keys have schemas of their own, and subjects may be named", async () => {
    await topic("keyed");
    const schemas = `--key avro --key-schema ${file("key.avsc", '"string"')} --value avro --schema ${file("value.avsc", '"int"')}`;
    await at(`produce keyed --key-separator | ${schemas} --subject numbers --null -`, {
      lines: ['"ada"|7', '"bob"|-'],
    });
    expect(await at("consume keyed --key avro --value avro --from-beginning --to-end")).toBe(
      '"ada"\t7\n"bob"\tnull\n',
    );
    const listed = await done("schemas list");
    expect(listed).toContain("keyed-key");
    expect(listed).toContain("numbers");
    expect(listed).not.toContain("keyed-value");
  });

  test("keys in windows are shown by the schema of the key within", async () => {
    await topic("in-windows");
    const schema = file("window-key.avsc", record([id]));
    const produce = `produce in-windows --key-separator | --key`;
    await at(`${produce} avro --key-schema ${schema}`, { lines: ['{"id":"ada"}|1'] });
    const consume = "consume in-windows --from-beginning --key";
    const hex = (await at(`${consume} hex --count 1`)).split("\t")[0];
    await at(`${produce} hex`, { lines: [`${hex}000000000000ea60|2`] });
    expect(
      await at(
        `${consume} windowed:avro --offset 1 --partition 0 --count 1`.replace(
          "--from-beginning ",
          "",
        ),
      ),
    ).toBe('{"key":{"id":"ada"},"start":"1970-01-01T00:01:00.000Z"}\t2\n');
    const wrong = await run(`${consume} windowed:nothing --bootstrap-server ${address}`);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain("windowed:FORMAT");
    expect(wrong.err.length).toBeLessThan(300);
  });

  test("a group reads by schemas too", async () => {
    const line = '{"id":"a","cents":1.5}';
    const words = "consume typed-json-schema --value json-schema --group cli --from-beginning";
    expect(await at(`${words} --count 1`)).toBe(`${line}\n`);
  });

  test("what does not fit is told with line or offset", async () => {
    await topic("wrong");
    const broken = async (words: string, more: InProcess = {}): Promise<string> => {
      const ended = await run(`${words} --bootstrap-server ${address}`, more);
      expect(ended.code).not.toBe(0);
      return ended.err;
    };
    const schema = file("strict.json", { type: "object", required: ["id"] });
    const produce = `produce wrong --value json-schema --schema ${schema}`;
    expect(await broken(produce, { lines: ['{"id":1}', "{}"] })).toMatch(
      /the value of line 2 cannot be written by jsonSchema: .*'id'/,
    );
    expect(await broken("produce wrong --value avro", { lines: ["1"] })).toContain("line 1");
    await at("produce wrong", { lines: ["no frame"] });
    expect(await broken("consume wrong --value json-schema --from-beginning --to-end")).toMatch(
      /the value of wrong-0 at offset 1 cannot be read by jsonSchema/,
    );
    expect(await broken("produce nowhere --value avro", { lines: ["1"] })).toContain("nowhere");
    expect(await broken(`produce wrong --schema ${schema}`, { lines: ["1"] })).toContain("--value");
    expect(await broken(`${produce} --latest`, { lines: [] })).toContain("--latest");
    expect(await broken(`${produce} --message Order`, { lines: [] })).toContain("Protobuf");
  });

  test("a registry that refuses connections is told with its address, and why, and does not hang", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    await once(server, "close");
    const bootstrap = `--bootstrap-server ${address}`;
    const away = (words: string, more: InProcess = {}): Promise<Ended> =>
      millrace([...words.split(" "), "--registry", url], more);
    const ended = await Promise.all([
      away("schemas list"),
      away(`consume typed-avro --value avro --from-beginning --to-end ${bootstrap}`),
      away(`produce typed-avro --value avro ${bootstrap}`, { lines: ['{"a":"x"}'] }),
    ]);
    for (const { code, err } of ended) {
      expect(code).toBe(1);
      expect(err).toContain(`${url} does not answer`);
      expect(err).toContain("ECONNREFUSED");
    }
  });
});
