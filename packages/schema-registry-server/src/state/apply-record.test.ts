import { encodeUtf8 } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { decodeKey, encodeKey, type TopicKey } from "../records/topic-keys.ts";
import { applyRecord, type RecordOutcome } from "./apply-record.ts";
import { RegistryState } from "./registry-state.ts";

type Written = readonly [key: TopicKey | string, value: object | null];

function bytes(value: unknown): Uint8Array {
  return encodeUtf8(typeof value === "string" ? value : JSON.stringify(value));
}

function apply(state: RegistryState, [key, value]: Written): RecordOutcome {
  return applyRecord(state, {
    key: typeof key === "string" ? bytes(key) : encodeKey(key),
    value: value === null ? null : bytes(value),
    timestampMs: 1,
  });
}

function stateOf(...records: readonly Written[]): RegistryState {
  const state = new RegistryState();
  for (const record of records) apply(state, record);
  return state;
}

function schema(subject: string, version: number, id: number, text: string): Written {
  const value = { subject, version, id, schemaType: "AVRO", schema: text, deleted: false };
  return [{ kind: "SCHEMA", subject, version }, value];
}

describe("keys of the topic", () => {
  test("are Confluent's, byte by byte", () => {
    const keys: readonly (readonly [TopicKey, string])[] = [
      [{ kind: "NOOP" }, '{"keytype":"NOOP","magic":0}'],
      [
        { kind: "SCHEMA", subject: 'a"ü', version: 2 },
        '{"keytype":"SCHEMA","subject":"a\\"ü","version":2,"magic":1}',
      ],
      [
        { kind: "DELETE_SUBJECT", subject: "s" },
        '{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}',
      ],
      [
        { kind: "CLEAR_SUBJECT", subject: "s" },
        '{"keytype":"CLEAR_SUBJECT","subject":"s","magic":0}',
      ],
      [{ kind: "CONFIG", subject: undefined }, '{"keytype":"CONFIG","magic":0}'],
      [{ kind: "MODE", subject: "s" }, '{"keytype":"MODE","subject":"s","magic":0}'],
      [
        { kind: "CONTEXT", context: ".blue" },
        '{"keytype":"CONTEXT","tenant":"default","context":".blue","magic":0}',
      ],
    ];
    for (const [key, text] of keys) {
      expect(Buffer.from(encodeKey(key)).toString()).toBe(text);
      expect(decodeKey(bytes(text))).toEqual(key);
    }
  });

  test("of older servers and of other kinds are read, or passed over", () => {
    const whole = '{"keytype":"CONFIG","subject":null,"magic":0}';
    expect(decodeKey(bytes(whole))).toEqual({ kind: "CONFIG", subject: undefined });
    for (const text of ['{"keytype":"ASSOC"}', "nonsense", "[]", '{"keytype":"SCHEMA"}', ""])
      expect(decodeKey(bytes(text))).toBe(undefined);
  });

  test.each([
    '{"keytype":"SCHEMA","subject":"s","version":1.5,"magic":1}',
    '{"keytype":"SCHEMA","subject":"s","version":0,"magic":1}',
    '{"keytype":"SCHEMA","subject":"s","version":1e21,"magic":1}',
    '{"keytype":"SCHEMA","subject":"s","version":1e999,"magic":1}',
    '{"keytype":"SCHEMA","subject":["s"],"version":1,"magic":1}',
    '{"keytype":"CONFIG","subject":5,"magic":0}',
    '{"keytype":"MODE","subject":{},"magic":0}',
    '{"keytype":"CLEAR_SUBJECT","subject":false,"magic":0}',
  ])("%s says nothing", (text) => {
    expect(decodeKey(bytes(text))).toBeUndefined();
  });
});

describe("SCHEMAS-1: the state is the fold of the topic", () => {
  const records = [
    schema("s", 1, 1, '"int"'),
    schema("s", 2, 2, '"long"'),
    schema("t", 1, 1, '"int"'),
    [
      { kind: "DELETE_SUBJECT", subject: "s" },
      { subject: "s", version: 2 },
    ],
    schema("s", 3, 3, '"float"'),
    [
      { kind: "MODE", subject: "s" },
      { subject: "s", mode: "READONLY" },
    ],
    [{ kind: "MODE", subject: "s" }, null],
    [{ kind: "CONFIG", subject: undefined }, { compatibilityLevel: "FULL" }],
    [{ kind: "SCHEMA", subject: "s", version: 1 }, null],
  ] as const satisfies readonly Written[];

  function seen(state: RegistryState): unknown {
    const subjects = state.subjects(":*:").map((name) => [name, state.versions(name)]);
    const ids = [1, 2, 3].map((id) => [...state.context(".").versionsOf(id)]);
    const { configs, modes } = state;
    return { subjects, ids, config: configs.inScope("s"), mode: modes.inScope("s") };
  }

  test("of all kinds of records", () => {
    const state = stateOf(...records);
    expect(state.versions("s").map(({ version, isDeleted }) => [version, isDeleted])).toEqual([
      [2, true],
      [3, false],
    ]);
    expect(state.latest("s")?.id).toBe(3);
    expect([...state.context(".").versionsOf(1)]).toEqual([["t", 1]]);
    expect(state.byId(".", 2)?.schema).toBe('"long"');
    expect(state.modes.inScope("s")).toBe(undefined);
    expect(state.configs.inScope("s")).toEqual({ compatibilityLevel: "FULL" });
  });

  test("and the same after compaction, with or without what removes", () => {
    const nameOf = ([key]: Written): string => JSON.stringify(key);
    const last = new Map(records.map((record, index) => [nameOf(record), index]));
    const compacted = records.filter((record, index) => last.get(nameOf(record)) === index);
    const older = compacted.filter(([, value]) => value !== null);
    expect(compacted.length).toBeLessThan(records.length);
    expect(seen(stateOf(...compacted))).toEqual(seen(stateOf(...records)));
    expect(seen(stateOf(...older))).toEqual(seen(stateOf(...records)));
  });

  test("with values of older servers", () => {
    const state = stateOf(
      [
        { kind: "SCHEMA", subject: "s", version: 1 },
        { subject: "s", version: 1, id: 7, schema: '"int"', deleted: false },
      ],
      [
        '{"keytype":"CONFIG","subject":null,"magic":0}',
        { subject: null, compatibilityLevel: "NONE" },
      ],
    );
    expect(state.version("s", 1)?.schemaType).toBe("AVRO");
    expect(state.configs.own(undefined)).toEqual({ compatibilityLevel: "NONE" });
  });

  test("what cannot be read changes nothing, and is told", () => {
    const state = stateOf(schema("s", 1, 1, '"int"'));
    const key: TopicKey = { kind: "SCHEMA", subject: "s", version: 1 };
    const before = JSON.stringify(seen(state));
    for (const record of [
      [key, { subject: "s", version: "x" }],
      [
        { kind: "MODE", subject: "s" },
        { subject: "s", mode: "WRONG" },
      ],
      ['{"keytype":"NEW"}', { a: 1 }],
    ] as const satisfies readonly Written[])
      expect(apply(state, record)).toMatchObject({ kind: "unreadable" });
    const broken = { key: encodeKey(key), value: bytes("{"), timestampMs: 1 };
    expect(applyRecord(state, broken)).toMatchObject({ kind: "unreadable" });
    expect(applyRecord(state, { ...broken, key: null })).toMatchObject({ kind: "unreadable" });
    expect(JSON.stringify(seen(state))).toBe(before);
  });
});

describe("SCHEMAS-2: an id stays with the schema that had it first", () => {
  test("a late record does not take an id, nor a version that is another schema's", () => {
    const state = stateOf(schema("s", 1, 1, '"int"'));
    expect(apply(state, schema("t", 1, 1, '"long"'))).toMatchObject({ kind: "refused" });
    expect(apply(state, schema("s", 1, 2, '"long"'))).toMatchObject({ kind: "refused" });
    expect(state.byId(".", 1)?.schema).toBe('"int"');
    expect(state.subjects(":*:")).toEqual(["s"]);
  });

  test("but the same schema may have it anywhere, and another context counts on its own", () => {
    const state = stateOf(schema("s", 1, 1, '"int"'));
    expect(apply(state, schema("t", 1, 1, '"int"'))).toEqual({ kind: "applied" });
    expect(apply(state, schema(":.blue:s", 1, 1, '"long"'))).toEqual({ kind: "applied" });
    expect(state.byId(".blue", 1)?.schema).toBe('"long"');
  });

  test("under IMPORT a version may be overwritten", () => {
    const state = stateOf(
      [
        { kind: "MODE", subject: "s" },
        { subject: "s", mode: "IMPORT" },
      ],
      schema("s", 1, 1, '"int"'),
    );
    expect(apply(state, schema("s", 1, 2, '"long"'))).toEqual({ kind: "applied" });
    expect(state.byId(".", 1)).toBe(undefined);
    expect(state.byId(".", 2)?.schema).toBe('"long"');
  });

  test("ids of schemas that are gone for good are known from the NOOP record", () => {
    const state = stateOf(
      schema("s", 1, 4, '"int"'),
      [{ kind: "NOOP" }, { idsMax: { ".": 9, ".blue": 2 } }],
      [{ kind: "NOOP" }, null],
    );
    expect(state.idsMax()).toEqual({ ".": 9, ".blue": 2 });
  });
});

describe("what refers to a version", () => {
  function referrer(subject: string): Written {
    const [key, value] = schema(subject, 1, 2, '"x"');
    return [key, { ...value, references: [{ name: "T", subject: "t", version: 1 }] }];
  }

  test("is known until the last one is gone, though several subjects have the schema", () => {
    const state = stateOf(schema("t", 1, 1, '"int"'), referrer("a"), referrer("b"), [
      { kind: "SCHEMA", subject: "a", version: 1 },
      null,
    ]);
    expect(state.referrers("t", 1).map(({ subject }) => subject)).toEqual(["b"]);
    apply(state, [{ kind: "SCHEMA", subject: "b", version: 1 }, null]);
    expect(state.referrers("t", 1)).toEqual([]);
  });
});

test.each([1e300, 1.5, -5, 2 ** 31, "7"])("%s is not taken for an id that was given", (id) => {
  const state = stateOf([{ kind: "NOOP" }, { idsMax: { ".": id } }]);
  expect(state.context(".").idMax).toBe(0);
});
