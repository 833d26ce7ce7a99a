import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

import {
  decodeAs,
  encodeAs,
  formatNames,
  printable,
  unprintable,
  type FormatName,
} from "./record-format.ts";

/** As it stands on a line. */
function decodeText(name: FormatName, bytes: Uint8Array | null, where: string): string {
  const value = decodeAs(name, bytes, where);
  return typeof value === "string" && name !== "json" ? value : JSON.stringify(value);
}

test.each([
  ["string", "grüße", "67:72:c3:bc:c3:9f:65"],
  ["json", '{"a": [1]}', "7b:22:61:22:3a:5b:31:5d:7d"],
  ["int32", "-2", "ff:ff:ff:fe"],
  ["int64", "258", "00:00:00:00:00:00:01:02"],
  ["int64", "9223372036854775807", "7f:ff:ff:ff:ff:ff:ff:ff"],
  ["double", "1.5", "3f:f8:00:00:00:00:00:00"],
  ["double", "NaN", "7f:f8:00:00:00:00:00:00"],
  ["hex", "00ff", "00:ff"],
  ["base64", "AP8=", "00:ff"],
] as const)(
  "%s %s are the bytes that Kafka's serializers write, and come back",
  (name, text, hex) => {
    const bytes = encodeAs(name, text, "it");
    expect([...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":")).toBe(hex);
    expect(decodeText(name, bytes, "it").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  },
);

test.each([
  "12345678901234567890",
  '{"id":9007199254740993,"price":1.10,"list":[-0,1e400,0.1234567890123456789]}',
])("json numbers beyond JavaScript's are written and shown as they are: %s", (text) => {
  const given = encodeAs("json", text, "it");
  expect(decodeUtf8(given)).toBe(text);
  expect(decodeText("json", given, "it")).toBe(text);
});

test("numbers within a line of JSON keep their digits", () => {
  const given = encodeUtf8('{"id":9007199254740993,"price":1.10,"n":[1,-0]}');
  expect(JSON.stringify({ value: decodeAs("json", given, "it") })).toBe(
    '{"value":{"id":9007199254740993,"price":1.10,"n":[1,-0]}}',
  );
});

test("null is null in every format", () => {
  for (const name of formatNames) {
    expect(decodeAs(name, null, "it")).toBeNull();
    expect(decodeText(name, null, "it")).toBe("null");
  }
});

test("a long is a number while that is exact, then its digits", () => {
  expect(decodeAs("int64", encodeAs("int64", "7", "it"), "it")).toBe(7);
  expect(decodeAs("int64", encodeAs("int64", "-9223372036854775808", "it"), "it")).toBe(
    "-9223372036854775808",
  );
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test.each<[FormatName, Uint8Array]>([
  ["int32", bytes(1)],
  ["int64", bytes(1, 2, 3, 4)],
  ["double", bytes()],
  ["json", bytes(123)],
])("bytes that are no %s are an error that says which they are", (name, given) => {
  expect(() => decodeAs(name, given, "the value of a-0 at offset 3")).toThrow(
    expect.objectContaining({
      code: "COMMAND_FAILED",
      message: expect.stringContaining(`the value of a-0 at offset 3 is no ${name}`),
    }),
  );
});

test.each<[FormatName, string]>([
  ["json", "{"],
  ["int32", "2147483648"],
  ["int32", "1.5"],
  ["int64", "9223372036854775808"],
  ["int64", ""],
  ["double", "one"],
  ["hex", "abc"],
  ["hex", "zz"],
  ["base64", "?"],
])("a text that is no %s is refused: %s", (name, text) => {
  expect(() => encodeAs(name, text, "the value of line 2")).toThrow(/the value of line 2 is/);
});

test("what JSON has no form for is printed in one that it has, and read again", () => {
  const value = { id: 2n ** 60n, list: [new Uint8Array([0, 1])], ratio: Infinity, text: "a" };
  const text = JSON.stringify(printable(value));
  expect(text).toBe(
    '{"id":1152921504606846976,"list":[{"base64":"AAE="}],"ratio":"Infinity","text":"a"}',
  );
  expect(unprintable({ list: [{ base64: "AAE=" }], text: "a" })).toEqual({
    list: [new Uint8Array([0, 1])],
    text: "a",
  });
});
