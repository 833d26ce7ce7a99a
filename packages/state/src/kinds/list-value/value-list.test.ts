import { toHex } from "@millrace/model";
import { expect, it } from "vitest";

import { appended, valuesIn } from "./value-list.ts";

it("a list has Kafka's bytes: strategy, count, and each value behind its length", () => {
  const one = appended(null, Uint8Array.of(1, 2));
  const three = appended(appended(one, new Uint8Array(0)), Uint8Array.of(3));
  expect(toHex(one)).toBe("0100000001000000020102");
  expect(toHex(three)).toBe("0100000003000000020102000000000000000103");
  expect(Array.from(valuesIn(three), toHex)).toEqual(["0102", "", "03"]);
});
