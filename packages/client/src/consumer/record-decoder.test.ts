import { noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { json, string } from "@millrace/serde";
import { expect, test } from "vitest";

import { RecordDecoder } from "./record-decoder.ts";

const batch = {
  topic: "t",
  partition: 0,
  sizeBytes: 1,
  remaining: 1,
  nextOffset: 1,
  offset: 0,
  timestamp: 0,
  key: null,
  value: new Uint8Array(1),
  headers: noHeaders,
  next: () => true,
  release: () => {},
};

test("a serde that gives promises is a mistake of the program: no record is skipped for it", () => {
  const { logger } = memoryPlatform();
  const asked: unknown[] = [];
  const value = { ...string(), deserialize: () => Promise.resolve("v") as never };
  const decoder = new RecordDecoder(logger, {
    value,
    onDeserializationError: (error) => {
      asked.push(error);
      return "skip";
    },
  });
  expect(() => decoder.decode(batch)).toThrow(
    expect.objectContaining({ code: "SERDE_GAVE_PROMISE" }),
  );
  expect(asked).toEqual([]);
});

test("a handler of errors that throws is told together with the record that it was asked about", () => {
  const { logger } = memoryPlatform();
  const broken = new TypeError("cannot read properties of undefined");
  const decoder = new RecordDecoder(logger, {
    value: json(),
    onDeserializationError: () => {
      throw broken;
    },
  });
  expect(() => decoder.decode(batch)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^onDeserializationError failed: cannot read properties of undefined; it was asked about this: the value of t-0/,
      ),
      errors: [expect.objectContaining({ code: "DESERIALIZATION_FAILED", offset: 0 }), broken],
    }),
  );
});
