import { int64, string, windowed, type Serde } from "@millrace/serde";
import { expect, test } from "vitest";

import { plainForm } from "./record-form.ts";
import { windowedForm } from "./windowed-form.ts";

const window = { start: 60_000, end: 90_000 };
const start = "1970-01-01T00:01:00.000Z";
const end = "1970-01-01T00:01:30.000Z";

test.each<["string" | "int64", Serde<unknown>, unknown]>([
  ["string", string() as Serde<unknown>, "ada"],
  ["int64", int64() as Serde<unknown>, 258n],
])(
  "keys of windows are shown as Kafka Streams writes them, with their times: %s",
  (name, key, given) => {
    const shown = (kind: "windowed" | "session", serde: typeof key): unknown =>
      windowedForm(kind, plainForm(name)).decode(
        serde.serialize({ key: given, window }, "t"),
        [],
        "it",
      );
    const inner = typeof given === "bigint" ? Number(given) : given;
    expect(shown("windowed", windowed(key, { size: "1m" }) as Serde<unknown>)).toEqual({
      key: inner,
      start,
    });
    expect(shown("session", windowed(key, "session") as Serde<unknown>)).toEqual({
      key: inner,
      start,
      end,
    });
  },
);

test("bytes that are too few for a window, and times that are none, are told", () => {
  const form = windowedForm("session", plainForm("string"));
  expect(() => form.decode(new Uint8Array(9), [], "the key")).toThrow(/the key is no session/);
  const noTime = new Uint8Array(17).fill(127);
  expect(() => form.decode(noTime, [], "the key")).toThrow(/the key is no session/);
});
