import { expect, test } from "vitest";

import { callPlaceIn } from "./place-of-call.ts";

function stackOf(...frames: readonly string[]): string {
  return ["Error", ...frames.map((frame) => `    at ${frame}`)].join("\n");
}

test.each([
  ["file:///app/src/orders.ts:12:4", "file:///app/src/orders.ts:12:4"],
  ["build (/app/src/orders.ts:12:4)", "/app/src/orders.ts:12:4"],
  [
    "file:///app/src/orders.test.ts?vitest=1796000000000:12:4",
    "file:///app/src/orders.test.ts:12:4",
  ],
  ["async build (/app/src/orders.ts?v=3:12:4)", "/app/src/orders.ts:12:4"],
  ["C:\\app\\src\\orders.ts?t=1:12:4", "C:\\app\\src\\orders.ts:12:4"],
  ["/app/what?/orders.ts:12:4", "/app/what?/orders.ts:12:4"],
])("of a caller at %s the place is %s", (caller, place) => {
  const stack = stackOf(
    "callPlace (/millrace/place-of-call.ts:1:1)",
    "PlannedStream.map (/millrace/planned-stream.ts:1:1)",
    caller,
    "main (/app/src/main.ts:1:1)",
  );
  expect(callPlaceIn(stack)).toBe(place);
});

test("a stack without frames has no place", () => {
  expect(callPlaceIn("")).toBeUndefined();
  expect(callPlaceIn("Error: of an engine that tells none")).toBeUndefined();
});
