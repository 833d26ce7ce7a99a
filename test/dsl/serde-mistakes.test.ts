import { json, optional, SerdeContractError, string, type Serde } from "@millrace/serde";
import { StreamsBuilder, type StreamsError, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };
type Source = KStream<string, string, "known", "known">;

/** A serde of a program in JavaScript, or of one that escaped the types. */
const serdeOf = (methods: object): Serde<string> =>
  ({ ...string(), isTotal: false, isInjective: false, sizeOf: undefined, ...methods }) as never;
const slowSchema = (validate: (value: unknown) => unknown) =>
  json({
    "~standard": { version: 1, vendor: "slow", validate: validate as never },
  }) as Serde<string>;

/** What comes of a record where every policy says to go on without the records that fail. */
async function outcome(define: (builder: StreamsBuilder) => void) {
  const builder = new StreamsBuilder();
  define(builder);
  const asked: StreamsError[] = [];
  const goOn = (error: StreamsError): "continue" => {
    asked.push(error);
    return "continue";
  };
  await using driver = new TopologyTestDriver(builder.build(), {
    onDeserializationError: goOn,
    onProcessingError: goOn,
    onProductionError: goOn,
  });
  let thrown: unknown;
  try {
    driver.input("in", { ...text, value: json<string>() }).pipe("k", "v");
  } catch (error) {
    thrown = error;
  }
  return { thrown, asked, dropped: driver.droppedRecords };
}

const source = (builder: StreamsBuilder): Source => builder.stream("in", text);
const twice = (builder: StreamsBuilder): Source =>
  source(builder).flatMapValues((value) => [value, value]) as unknown as Source;

describe("DSL-5: a mistake in a serde ends the task whatever the policies say", () => {
  const promise = () => Promise.resolve("v");
  const read = (serde: Serde<string>) => (builder: StreamsBuilder) =>
    builder.stream("in", { ...text, value: serde }).to("out");
  const written = (serde: Serde<string>) => (builder: StreamsBuilder) =>
    source(builder).to("out", { value: serde });
  const kept = (serde: Serde<string>) => (builder: StreamsBuilder) =>
    void twice(builder)
      .groupByKey({ value: serde })
      .reduce((value) => value);

  test.each([
    ["a schema that answers later", "DESERIALIZATION_FAILED", read(slowSchema(promise))],
    [
      "deserialize gives a promise",
      "DESERIALIZATION_FAILED",
      read(serdeOf({ deserialize: promise })),
    ],
    [
      "the same, where null may come",
      "DESERIALIZATION_FAILED",
      read(optional(serdeOf({ deserialize: promise })) as Serde<string>),
    ],
    ["serialize gives a promise", "PRODUCTION_FAILED", written(serdeOf({ serialize: promise }))],
    ["a schema that answers later, of a sink", "PRODUCTION_FAILED", written(slowSchema(promise))],
    [
      "serialize gives a promise to a store",
      "PROCESSING_FAILED",
      kept(serdeOf({ serialize: promise })),
    ],
    [
      "deserialize gives a promise from a store",
      "PROCESSING_FAILED",
      kept(serdeOf({ deserialize: promise })),
    ],
  ])("a promise: %s", async (_, code, define) => {
    const { thrown, asked, dropped } = await outcome(define);
    expect(thrown).toMatchObject({ code, topic: "in", cause: { code: "SERDE_GAVE_PROMISE" } });
    expect(String(thrown)).toMatch(/synchronous/);
    expect(String(thrown)).not.toMatch(/set on\w+Error/);
    expect(asked).toEqual([]);
    expect(dropped).toBe(0);
  });

  test.each([
    null,
    undefined,
    "text",
    5,
    [1, 2],
    new ArrayBuffer(1),
    new DataView(new ArrayBuffer(1)),
    new Uint16Array(1),
  ])("what is no Uint8Array: %s", async (given) => {
    for (const define of [written, kept]) {
      const { thrown, asked } = await outcome(define(serdeOf({ serialize: () => given })));
      expect(thrown).toMatchObject({ cause: { code: "SERDE_GAVE_NO_BYTES" } });
      expect(String(thrown)).toContain("Uint8Array");
      expect(asked).toEqual([]);
    }
  });

  test("a Buffer is one", async () => {
    const { thrown } = await outcome(written(serdeOf({ serialize: () => Buffer.from("v") })));
    expect(thrown).toBeUndefined();
  });

  test("a schema that answers what is no result", async () => {
    const { thrown, asked } = await outcome(read(slowSchema(() => undefined)));
    expect(thrown).toMatchObject({ cause: { code: "INVALID_SCHEMA" } });
    expect(asked).toEqual([]);
  });

  test("what a serde throws is the record's: the policy is asked", async () => {
    const failing = () => {
      throw new Error("not these bytes");
    };
    const { thrown, asked, dropped } = await outcome(read(serdeOf({ deserialize: failing })));
    expect(thrown).toBeUndefined();
    expect(asked).toMatchObject([{ code: "DESERIALIZATION_FAILED" }]);
    expect(dropped).toBe(1);
  });

  test("and an asynchronous callback ends it too: no record would ever pass", async () => {
    const mapped = (builder: StreamsBuilder) =>
      source(builder).mapValues((() => Promise.resolve("v")) as never);
    const { thrown, asked } = await outcome(mapped);
    expect(thrown).toMatchObject({
      code: "PROCESSING_FAILED",
      cause: { code: "CALLBACK_GAVE_PROMISE" },
    });
    expect(asked).toEqual([]);
  });
});

describe("DSL-5: what can be told of a serde before the first record is told at once", () => {
  const caught = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  };

  test("a schema whose validate is an async function", () => {
    const error = caught(() => slowSchema(async (value) => ({ value })));
    expect(error).toBeInstanceOf(SerdeContractError);
    expect(error).toMatchObject({ code: "INVALID_SCHEMA" });
    expect(String(error)).toMatch(/the slow schema.*synchronous/);
  });

  test.each([{}, null, 5, "text", () => {}, { "~standard": {} }, { "~standard": null }])(
    "what is no schema: %j",
    (schema) => {
      const error = caught(() => json(schema as never));
      expect(error).toMatchObject({ code: "INVALID_SCHEMA" });
      expect(String(error)).toMatch(/Standard Schema/);
    },
  );

  test.each([undefined, null, {}, string, "string", Promise.resolve(string())])(
    "what is no serde within optional: %s",
    (serde) => {
      expect(caught(() => optional(serde as never))).toMatchObject({ code: "INVALID_SERDE" });
    },
  );

  test.each(["serialize", "deserialize"])("a serde whose %s is an async function", (method) => {
    const serde = serdeOf({ [method]: async () => "v" });
    expect(caught(() => optional(serde))).toMatchObject({ code: "INVALID_SERDE" });
    const option = caught(() => new StreamsBuilder().stream("in", { value: serde }));
    expect(option).toMatchObject({ code: "INVALID_OPTION" });
    expect(String(option)).toMatch(/stream: value .*synchronous/);
  });
});
