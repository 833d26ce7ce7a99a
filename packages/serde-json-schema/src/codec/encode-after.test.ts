import { concatBytes, encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

import { encodeAfter } from "./encode-after.ts";

const prefix = Uint8Array.of(0, 0, 0, 1, 2);

/** Of one, two, three and four bytes a sign, and halves of pairs, which UTF-8 has no form for. */
const signs = ["a", "é", "€", "😀", "\ud83d", "\ude00"];

test("texts of all lengths and signs are the bytes of UTF-8, whatever is written after them", () => {
  const texts = signs.flatMap((sign) =>
    Array.from({ length: 64 }, (_, index) => sign.repeat(index * 33)),
  );
  const written = texts.map((text, index) => encodeAfter(prefix.subarray(0, index % 6), text));
  const expected = texts.map((text, index) =>
    concatBytes(prefix.subarray(0, index % 6), encodeUtf8(text)),
  );
  expect(written).toEqual(expected);
});

test("a text that the rest of the room holds by its signs, not by its bytes, is whole", () => {
  for (let length = 1; length < 1000; length += 7) {
    encodeAfter(prefix, "a".repeat(1013));
    expect(encodeAfter(prefix, "€".repeat(length))).toEqual(
      concatBytes(prefix, encodeUtf8("€".repeat(length))),
    );
  }
});
