import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { QueryError } from "../error/query-error.ts";
import type { PartitionRequest } from "./local-answers.ts";
import type { Position } from "./position.ts";
import type { AnswerRow, Question } from "./question.ts";
import {
  decodePage,
  decodeRequest,
  encodeFailure,
  encodePage,
  encodeRequest,
} from "./query-wire.ts";

const bytes = fc.uint8Array({ maxLength: 20 });
const bound = fc.option(bytes);
const time = fc.nat();
const until = fc.oneof(time, fc.constant(Infinity));
const keys = { from: bound, to: bound };
const times = { after: time, until, isReverse: fc.boolean() };
const window = fc.record({ start: time, end: time });
const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), key: bytes }),
  fc.record({ kind: fc.constant("range" as const), ...keys, isReverse: fc.boolean() }),
  fc.record({ kind: fc.constant("count" as const) }),
  fc.record({ kind: fc.constant("window" as const), key: bytes, start: time }),
  fc.record({ kind: fc.constantFrom("windows" as const, "sessions" as const), ...keys, ...times }),
  fc.record({ kind: fc.constant("session" as const), key: bytes, window }),
  fc.record({
    kind: fc.constant("version" as const),
    key: bytes,
    asOf: fc.option(time, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant("history" as const), key: bytes, ...times }),
);
const request: fc.Arbitrary<PartitionRequest> = fc.record({
  store: fc.string(),
  partition: fc.nat(),
  question,
  isolation: fc.constantFrom("committed" as const, "live" as const, undefined),
  allowsStandby: fc.boolean(),
  positionAtLeast: fc.constantFrom<Position>({}, { orders: { 0: 41, 1: 0 } }),
  lagMax: until,
});
const row: fc.Arbitrary<AnswerRow> = fc.record(
  {
    key: bytes,
    value: bytes,
    timestamp: fc.integer({ min: -1 }),
    headers: fc.array(fc.tuple(fc.string(), bound)),
    window,
    validTo: fc.option(time),
  },
  { requiredKeys: ["key", "value", "timestamp", "headers"] },
);

describe("between instances", () => {
  it("a request comes as it was sent", () => {
    fc.assert(
      fc.property(request, (sent) => {
        expect(decodeRequest(encodeRequest(sent, "ours"), "ours")).toEqual(sent);
      }),
    );
  });

  it("so does a page, and an error keeps its code", () => {
    const of = { store: "counts", partition: 3 };
    const head = { isStandby: false, position: { orders: { 0: 3 } }, changelogOffsets: { 0: 7 } };
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom(head, undefined), (rows, given) => {
        const sent = { head: given, rows, isLast: rows.length > 3 };
        expect(decodePage(encodePage(sent, of), of)).toEqual(sent);
      }),
    );
    expect(() => decodePage(encodeFailure(new QueryError("NOT_ACTIVE", "it moved")), of)).toThrow(
      expect.objectContaining({ code: "NOT_ACTIVE", message: "it moved", retriable: true }),
    );
    expect(() => decodePage(encodeFailure(new Error("a disk")), of)).toThrow(
      expect.objectContaining({ code: "STORE_FAILED" }),
    );
  });

  it("a request to another application is refused", () => {
    fc.assert(
      fc.property(request, (sent) => {
        expect(() => decodeRequest(encodeRequest(sent, "theirs"), "ours")).toThrow(
          expect.objectContaining({ code: "INSTANCE_UNREACHABLE", retriable: true }),
        );
      }),
      { numRuns: 5 },
    );
  });

  it.each([
    "",
    "{}",
    "[]",
    "null",
    '{"store":"a","partition":0}',
    '{"store":"a","partition":0,"question":{"kind":"drop"}}',
  ])("what is no request is refused: %s", (text) => {
    expect(() => decodeRequest(text, "ours")).toThrow(
      expect.objectContaining({ code: "WRONG_QUERY" }),
    );
  });

  it.each([
    "null",
    "7",
    "[]",
    "{}",
    '{"rows":5}',
    '{"rows":[0]}',
    '{"head":7,"rows":[]}',
    '{"head":{"position":{"a":{"0":"x"}},"changelogOffsets":{}},"rows":[]}',
    '{"head":{"position":{},"changelogOffsets":{"0":null}},"rows":[{"key":5}]}',
    '{"head":{"position":{}},"rows":[]}',
    '{"error":null}',
    '{"error":{"code":"NOT_ACTIVE","message":5}}',
  ])("what is no page is told from one: %s", (line) => {
    expect(() => decodePage(line, { store: "a", partition: 0 })).toThrow(
      expect.toSatisfy((error) => !(error instanceof QueryError)),
    );
  });

  it("a page that is nested without an end is refused before it is taken apart", () => {
    const { user, system } = process.cpuUsage();
    for (const line of ["[".repeat(2 ** 23), `{"rows":[${'{"key":'.repeat(2 ** 20)}`])
      expect(() => decodePage(line, { store: "a", partition: 0 })).toThrow(/nested deeper/);
    const spent = process.cpuUsage();
    expect(spent.user + spent.system - user - system).toBeLessThan(200_000);
  });

  it("an error of a newer version is one of the store", () => {
    const line = '{"error":{"code":"TOO_HOT","message":"it melts"}}';
    expect(() => decodePage(line, { store: "a", partition: 0 })).toThrow(
      expect.objectContaining({ code: "STORE_FAILED", message: "it melts" }),
    );
  });
});
