import { noHeaders, toHex } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { expect, it } from "vitest";

import { StoreFormat } from "./store-format.ts";
import {
  plainValues,
  timestampedValues,
  timestampedValuesWithHeaders,
  valuesWithHeaders,
} from "./value-layout.ts";

it.each([plainValues, timestampedValues, valuesWithHeaders, timestampedValuesWithHeaders])(
  "what is encoded for the call is what is encoded to be kept, layout %#",
  (layout) => {
    const numbers = new StoreFormat({ key: string(), value: int64AsNumber() }, layout, "t");
    const kept = numbers.encode(7, 5, noHeaders);
    numbers.encodeAtOnce(-1, 2 ** 40).fill(0xff); // leaves all of the room written
    expect(toHex(numbers.encodeAtOnce(7, 5))).toBe(toHex(kept));
    expect(() => numbers.encodeAtOnce(0.5, 5)).toThrow("0.5");

    const texts = new StoreFormat({ key: string(), value: string() }, layout, "t");
    for (const text of ["", "é", "long".repeat(40)])
      expect(toHex(texts.encodeAtOnce(text, 5))).toBe(toHex(texts.encode(text, 5, noHeaders)));
  },
);
