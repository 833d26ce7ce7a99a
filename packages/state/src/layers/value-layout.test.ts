import { encodeUtf8, fromHex, noHeaders, toHex, type Headers } from "@millrace/model";
import { describe, expect, it } from "vitest";

import {
  plainValues,
  timestampedValues,
  timestampedValuesWithHeaders,
  valuesWithHeaders,
  type ValueLayout,
} from "./value-layout.ts";

const value = encodeUtf8("1");
const headers: Headers = [
  ["l", Uint8Array.of(1)],
  ["none", null],
];

describe("a stored value has Kafka's bytes", () => {
  it.each<[string, ValueLayout, string, Headers]>([
    ["plain", plainValues, "31", noHeaders],
    ["with a timestamp", timestampedValues, "000000000000000231", noHeaders],
    ["with headers, of which there are none", valuesWithHeaders, "0031", noHeaders],
    [
      "with all",
      timestampedValuesWithHeaders,
      "0a02026c0201000000000000000231",
      headers.slice(0, 1),
    ],
    ["with a null header", valuesWithHeaders, "1604026c0201086e6f6e650131", headers],
  ])("%s", (_name, layout, bytes, given) => {
    const stored = layout.stored(value, 2, given);
    expect(toHex(stored)).toBe(bytes);
    expect(toHex(layout.valueOf(stored))).toBe("31");
    expect(layout.headersOf(stored)).toEqual(given);
  });

  it("also where headers are longer than a byte of length tells", () => {
    const long: Headers = [["name".repeat(100), new Uint8Array(20_000)]];
    const stored = timestampedValuesWithHeaders.stored(value, 7, long);
    expect(timestampedValuesWithHeaders.headersOf(stored)).toEqual(long);
    expect(timestampedValuesWithHeaders.timestampOf(stored)).toBe(7);
  });
});

describe("a changelog carries headers, and gives them back", () => {
  it.each([valuesWithHeaders, timestampedValuesWithHeaders])("%#", (layout) => {
    const stored = layout.stored(value, 2, headers);
    const written: unknown[] = [];
    const changelog = {
      append: (timestamp: number, _key: unknown, logged: Uint8Array | null, own: Headers) => {
        written.push(logged === null ? null : toHex(logged), own);
        const restored = layout.restored({ value: logged, timestamp, headers: own });
        written.push(restored === null ? null : toHex(restored));
      },
    };
    const context = { timestamp: 2, headers: [["deleted", null]] as Headers };
    layout.log(changelog, fromHex("6b"), stored, context);
    layout.log(changelog, fromHex("6b"), null, context);
    expect(written).toEqual(["31", headers, toHex(stored), null, context.headers, null]);
  });
});
