import { decodeUtf8, encodeUtf8, noHeaders, toHex, type Headers } from "@millrace/model";
import { SerdePendingError, WritePlace, type Serde, type SerdePlace } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import type { KnownSchema, OwnSchema, SchemaCodec } from "../format/schema-codec.ts";
import { MemorySchemaRegistry } from "../memory/memory-schema-registry.ts";
import type { Answer } from "../registry/answer.ts";
import { SchemaRegistryError } from "../registry/schema-registry-error.ts";
import type { SchemaRegistry } from "../registry/schema-registry.ts";
import { registrySerde } from "./registry-serde.ts";
import type { RegistrySerdeOptions } from "./registry-serde-options.ts";

function own(text: string, more: Partial<OwnSchema> = {}): OwnSchema {
  return { schemaType: "AVRO", text, references: [], ...more };
}

/** Writes a text after the one of its schema, so that each record shows what it was written with. */
function codec(
  ownSchemas: readonly OwnSchema[],
  more: Partial<SchemaCodec<string>> = {},
): SchemaCodec<string> & { readonly compiled: KnownSchema[] } {
  const compiled: KnownSchema[] = [];
  return {
    name: "toy",
    schemaType: "AVRO",
    ownSchemas,
    compiled,
    writer: (schema) => {
      compiled.push(schema);
      return {
        write: (value, prefix) =>
          Uint8Array.from([...prefix, ...encodeUtf8(`${schema.text}:${value}`)]),
      };
    },
    reader: (schema) => {
      compiled.push(schema);
      return { read: (bytes, at) => `${schema.text}<${decodeUtf8(bytes.subarray(at))}` };
    },
    ...more,
  };
}

const value = (headers: Headers = noHeaders): SerdePlace => ({ part: "value", headers });

function framed(serde: Serde<string>, text: string, topic = "orders"): string {
  const bytes = serde.serialize(text, topic);
  return `${toHex(bytes.subarray(0, 5))} ${decodeUtf8(bytes.subarray(5))}`;
}

/** A registry that answers when it is told to, over one in memory. */
class SlowRegistry implements SchemaRegistry {
  readonly memory = new MemorySchemaRegistry();
  readonly name = "slow";
  nowMs = 0;
  readonly clock = { monotonicMs: () => this.nowMs };
  readonly asked: string[] = [];
  #waiting: (() => void)[] = [];
  refusal: unknown;

  schemaById = (id: number) => this.#later(`id ${id}`, () => this.memory.schemaById(id));
  schemaByGuid = (guid: string) => this.#later("guid", () => this.memory.schemaByGuid(guid));
  referencedVersion = (subject: string, version: number) =>
    this.#later(`${subject} ${version}`, () => this.memory.referencedVersion(subject, version));
  latestVersion = (subject: string) =>
    this.#later(`latest ${subject}`, () => this.memory.latestVersion(subject));
  register: SchemaRegistry["register"] = (subject, schema) =>
    this.#later(`register ${subject}`, () => this.memory.register(subject, schema));
  lookUp: SchemaRegistry["lookUp"] = (subject, schema) =>
    this.#later(`look up ${subject}`, () => this.memory.lookUp(subject, schema));

  answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async #later<T>(what: string, ask: () => Answer<T>): Promise<T> {
    this.asked.push(what);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.refusal !== undefined) throw this.refusal;
    return ask();
  }
}

function pendingOf(call: () => unknown): SerdePendingError {
  try {
    call();
  } catch (error) {
    if (error instanceof SerdePendingError) return error;
    throw error;
  }
  throw new Error("it did not wait");
}

const code = (name: string) => expect.objectContaining({ code: name });

describe("writing", () => {
  test("registers the schema under the topic's subject, once, and frames values with its id", () => {
    const registry = new MemorySchemaRegistry();
    const toy = codec([own("A")]);
    const serde = registrySerde(toy, { registry });
    expect(framed(serde, "x")).toBe("0000000001 A:x");
    expect(framed(serde, "y")).toBe("0000000001 A:y");
    expect(framed(serde, "y", "other")).toBe("0000000001 A:y");
    serde.serialize("k", "orders", { part: "key", headers: noHeaders });
    expect(registry.subjects()).toEqual(["orders-key", "orders-value", "other-value"]);
    expect(toy.compiled).toHaveLength(3);
  });

  test.each([
    ["topic", "orders-value"],
    ["record", "shop.Order"],
    ["topic-record", "orders-shop.Order"],
    [
      ({ topic, part }: { topic: string; part: string }) => `own/${topic}/${part}`,
      "own/orders/value",
    ],
  ] as const)("names the subject by the strategy %s", (subjectName, subject) => {
    const registry = new MemorySchemaRegistry();
    const toy = codec([own("A", { recordName: "shop.Order" })]);
    registrySerde(toy, { registry, subjectName }).serialize("x", "orders");
    expect(registry.subjects()).toEqual([subject]);
  });

  test("needs a name of the record for strategies by the record, and a function that gives one", () => {
    const registry = new MemorySchemaRegistry();
    for (const subjectName of ["record", "topic-record", () => ""] as const)
      expect(() =>
        registrySerde(codec([own("A")]), { registry, subjectName }).serialize("x", "t"),
      ).toThrow(code("SUBJECT_UNKNOWN"));
  });

  test("chooses among several schemas by the value", () => {
    const registry = new MemorySchemaRegistry();
    const schemas = [own("A", { recordName: "A" }), own("B", { recordName: "B" })];
    const ownSchemaOf = (text: string) => schemas[text === "b" ? 1 : 0];
    const serde = registrySerde(codec(schemas, { ownSchemaOf }), {
      registry,
      subjectName: "topic-record",
    });
    expect(framed(serde, "b")).toBe("0000000001 B:b");
    expect(framed(serde, "a")).toBe("0000000002 A:a");
    expect(framed(serde, "b")).toBe("0000000001 B:b");
  });

  test("without autoRegisterSchemas takes what is there, and registers nothing", () => {
    const registry = new MemorySchemaRegistry();
    const options: RegistrySerdeOptions = { registry, autoRegisterSchemas: false };
    const serde = registrySerde(codec([own("A")]), options);
    expect(() => serde.serialize("x", "orders")).toThrow(code("SCHEMA_NOT_REGISTERED"));
    registry.register("orders-value", { schema: "B" });
    expect(() => serde.serialize("x", "orders")).toThrow(/orders-value/);
    registry.register("orders-value", { schema: "A" });
    expect(framed(serde, "x")).toBe("0000000002 A:x");
  });

  test("useLatestVersion and useSchemaId write with the registry's schema, and register nothing", () => {
    const registry = new MemorySchemaRegistry();
    registry.register("orders-value", { schema: "A" });
    registry.register("orders-value", { schema: "B" });
    const latest = registrySerde(codec([own("own")]), { registry, useLatestVersion: true });
    expect(framed(latest, "x")).toBe("0000000002 B:x");
    const first = registrySerde(codec([]), { registry, useSchemaId: 1 });
    expect(framed(first, "x")).toBe("0000000001 A:x");
    expect(registry.versions("orders-value")).toEqual([1, 2]);
    const nothing = registrySerde(codec([]), { registry });
    expect(() => nothing.serialize("x", "orders")).toThrow(code("NO_SCHEMA_TO_WRITE"));
    expect(() =>
      registrySerde(codec([]), { registry, useSchemaId: 1, useLatestVersion: true }),
    ).toThrow(code("INVALID_OPTION"));
  });

  test("registers what the schema refers to before it, and tells the codec the texts", () => {
    const registry = new MemorySchemaRegistry();
    registry.register("country", { schema: "C" });
    const address = own("B", { references: [{ name: "C", subject: "country", version: 1 }] });
    const toy = codec([
      own("A", { references: [{ name: "B", subject: "address", schema: address }] }),
    ]);
    expect(framed(registrySerde(toy, { registry }), "x")).toBe("0000000003 A:x");
    expect(registry.versions("address")).toEqual([1]);
    const [schema] = toy.compiled;
    expect(schema.references).toMatchObject([
      { name: "B", subject: "address", version: 1, schema: "B", references: [{ schema: "C" }] },
    ]);
    expect(registry.latestVersion("orders-value").references).toEqual([
      { name: "B", subject: "address", version: 1 },
    ]);
  });

  test("puts the GUID into a header where there is one, and the id before the value where not", () => {
    const registry = new MemorySchemaRegistry();
    const serde = registrySerde(codec([own("A")]), { registry, framing: "header" });
    const place = new WritePlace("value").at([["other", null]]);
    const bytes = serde.serialize("x", "orders", place);
    expect(decodeUtf8(bytes)).toBe("A:x");
    expect(place.headers.map(([name]) => name)).toEqual(["other", "__value_schema_id"]);
    expect(serde.deserialize(bytes, "orders", value(place.headers))).toBe("A<A:x");
    expect(framed(serde, "x")).toBe("0000000001 A:x");
  });

  test("leaves no header of another schema, which came with what the record was made of", () => {
    const registry = new MemorySchemaRegistry();
    const stale: Headers = [["__value_schema_id", Uint8Array.of(1, 2, 3)]];
    for (const framing of ["prefix", "header"] as const) {
      const serde = registrySerde(codec([own("A")]), { registry, framing });
      const place = new WritePlace("value").at(stale);
      const bytes = serde.serialize("x", "orders", place);
      expect(serde.deserialize(bytes, "orders", value(place.headers))).toBe("A<A:x");
      expect(place.headers).toHaveLength(framing === "header" ? 1 : 0);
    }
  });

  test("header framing is refused where the registry tells no GUID", () => {
    const memory = new MemorySchemaRegistry();
    const registry: SchemaRegistry = Object.assign(Object.create(memory), {
      register: (subject: string, schema: { schema: string }) => ({
        id: memory.register(subject, schema).id,
      }),
    });
    const serde = registrySerde(codec([own("A")]), { registry, framing: "header" });
    expect(() => serde.serialize("x", "orders")).toThrow(code("GUID_UNKNOWN"));
  });
});

describe("reading", () => {
  const registry = new MemorySchemaRegistry();
  const { guid = "" } = registry.register("orders-value", { schema: "A" });
  registry.register("people-value", { schema: "P", schemaType: "PROTOBUF" });
  const serde = registrySerde(codec([]), { registry });
  const guidBytes = Uint8Array.from([1, ...Buffer.from(guid.replaceAll("-", ""), "hex")]);

  test("finds the schema by the id or GUID, before the value or in a header of the part", () => {
    expect(serde.deserialize(Uint8Array.of(0, 0, 0, 0, 1, 97), "orders")).toBe("A<a");
    expect(serde.deserialize(Uint8Array.from([...guidBytes, 98]), "orders")).toBe("A<b");
    const guidHeader = value([["__value_schema_id", guidBytes]]);
    expect(serde.deserialize(Uint8Array.of(99), "orders", guidHeader)).toBe("A<c");
    const idHeader = value([["__value_schema_id", Uint8Array.of(0, 0, 0, 0, 1)]]);
    expect(serde.deserialize(Uint8Array.of(99), "orders", idHeader)).toBe("A<c");
    const otherPart = value([["__key_schema_id", guidBytes]]);
    expect(serde.deserialize(Uint8Array.of(0, 0, 0, 0, 1, 97), "orders", otherPart)).toBe("A<a");
    const taken = value([
      ["__value_schema_id", guidBytes],
      ["__value_schema_id", null],
    ]);
    expect(serde.deserialize(Uint8Array.of(0, 0, 0, 0, 1, 97), "orders", taken)).toBe("A<a");
  });

  test.each([
    [[], "FRAME_TRUNCATED"],
    [[0, 0, 0, 0], "FRAME_TRUNCATED"],
    [[1, 0, 0, 0], "FRAME_TRUNCATED"],
    [[123, 34, 97, 34, 125], "UNKNOWN_MAGIC_BYTE"],
    [[0, 0, 0, 0, 9, 97], "UNKNOWN_SCHEMA_ID"],
    [[0, 255, 255, 255, 255, 97], "UNKNOWN_SCHEMA_ID"],
    [[0, 0, 0, 0, 2, 97], "SCHEMA_TYPE_DIFFERS"],
  ])("of %j is refused as %s", (bytes, name) => {
    expect(() => serde.deserialize(Uint8Array.from(bytes), "orders")).toThrow(code(name));
  });

  test("null in the bytes is refused, as by other serdes", () => {
    const nulls = codec([], { reader: () => ({ read: () => null as unknown as string }) });
    const reading = registrySerde(nulls, { registry });
    expect(() => reading.deserialize(Uint8Array.of(0, 0, 0, 0, 1), "orders")).toThrow(/null/);
  });
});

describe("REGISTRY-3: a schema met for the first time while records flow", () => {
  test("is fetched once for all who ask, and they come again", async () => {
    const registry = new SlowRegistry();
    registry.memory.register("orders-value", { schema: "A" });
    const serde = registrySerde(codec([]), { registry });
    const bytes = Uint8Array.of(0, 0, 0, 0, 1, 97);
    const first = pendingOf(() => serde.deserialize(bytes, "orders"));
    const second = pendingOf(() => serde.deserialize(bytes, "elsewhere"));
    expect(first.message).toBe("waits for schema 1 of slow");
    expect(registry.asked).toEqual(["id 1"]);
    registry.answerAll();
    await Promise.all([first.ready, second.ready]);
    expect(serde.deserialize(bytes, "orders")).toBe("A<a");
    expect(registry.asked).toEqual(["id 1"]);
  });

  test("that is not there is told to each record, without asking for a while", async () => {
    const registry = new SlowRegistry();
    const serde = registrySerde(codec([]), { registry });
    const bytes = Uint8Array.of(0, 0, 0, 0, 1, 97);
    const { ready } = pendingOf(() => serde.deserialize(bytes, "orders"));
    registry.answerAll();
    await ready;
    for (let count = 0; count < 3; count++)
      expect(() => serde.deserialize(bytes, "orders")).toThrow(code("UNKNOWN_SCHEMA_ID"));
    expect(registry.asked).toEqual(["id 1"]);
    registry.nowMs = 10_000;
    pendingOf(() => serde.deserialize(bytes, "orders"));
    expect(registry.asked).toEqual(["id 1", "id 1"]);
  });

  test("waits on while the registry is away, and goes on once it is back", async () => {
    const registry = new SlowRegistry();
    registry.refusal = new SchemaRegistryError("REGISTRY_UNAVAILABLE", "away", { retriable: true });
    const serde = registrySerde(codec([own("A")]), { registry });
    const away = pendingOf(() => serde.serialize("x", "orders"));
    registry.answerAll();
    await away.ready;
    const again = pendingOf(() => serde.serialize("x", "orders"));
    registry.refusal = undefined;
    registry.answerAll();
    await again.ready;
    expect(framed(serde, "x")).toBe("0000000001 A:x");
  });
});

describe("prepare", () => {
  const signal = new AbortController().signal;
  const use = { topic: "orders", part: "value", reads: true, writes: true } as const;

  async function prepared(registry: SlowRegistry, work: Promise<void>): Promise<void> {
    const progress = { isDone: false };
    const done = () => void (progress.isDone = true);
    void work.then(done, done);
    for (let turn = 0; turn < 50 && !progress.isDone; turn++) {
      registry.answerAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return work;
  }

  test("registers what will be written and fetches what most records were written with: none waits", async () => {
    const registry = new SlowRegistry();
    registry.memory.register("orders-value", { schema: "older" });
    const serde = registrySerde(codec([own("A")]), { registry });
    await prepared(registry, serde.prepare(use, signal));
    expect(registry.asked).toEqual(["register orders-value", "latest orders-value"]);
    expect(framed(serde, "x")).toBe("0000000002 A:x");
    expect(serde.deserialize(Uint8Array.of(0, 0, 0, 0, 2, 97), "orders")).toBe("A<a");
  });

  test("of a topic that nobody has written to asks and goes on", async () => {
    const registry = new SlowRegistry();
    const serde = registrySerde(codec([]), { registry });
    await prepared(registry, serde.prepare({ ...use, writes: false }, signal));
    expect(registry.asked).toEqual(["latest orders-value"]);
  });

  test("asks for as long as the registry is away, and ends when the caller does", async () => {
    const registry = new SlowRegistry();
    registry.refusal = new SchemaRegistryError("REGISTRY_UNAVAILABLE", "away", { retriable: true });
    const serde = registrySerde(codec([own("A")]), { registry });
    const ending = new AbortController();
    const work = serde.prepare(use, ending.signal);
    void prepared(registry, work).catch(() => {});
    while (registry.asked.length < 5) await new Promise((resolve) => setImmediate(resolve));
    ending.abort(new Error("ended"));
    await expect(work).rejects.toThrow("ended");
  });

  test("rejects with what the registry refuses for good", async () => {
    const registry = new SlowRegistry();
    registry.refusal = new SchemaRegistryError("ACCESS_DENIED", "no");
    const serde = registrySerde(codec([]), { registry });
    await expect(prepared(registry, serde.prepare(use, signal))).rejects.toThrow(
      code("ACCESS_DENIED"),
    );
  });
});

test("caches are bounded: the oldest schema goes when another comes", () => {
  const registry = new MemorySchemaRegistry({ compatibility: "NONE" });
  for (const schema of ["A", "B", "C"]) registry.register("orders-value", { schema });
  const toy = codec([]);
  const serde = registrySerde(toy, { registry, cachedSchemasMax: 2 });
  for (const id of [1, 2, 3, 2, 3, 1]) serde.deserialize(Uint8Array.of(0, 0, 0, 0, id), "orders");
  expect(toy.compiled.map(({ text }) => text)).toEqual(["A", "B", "C", "A"]);
});
