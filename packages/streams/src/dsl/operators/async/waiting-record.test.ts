import { encodeUtf8, type Headers } from "@millrace/model";
import { expect, test } from "vitest";

import { keptInput, sizeOf, waitingRecordSerde, type WaitingRecord } from "./waiting-record.ts";

const key = encodeUtf8("k");
const value = encodeUtf8("mapped");
const headers: Headers = [["trace", encodeUtf8("7")]];
const bare = { topic: "a", partition: 3, offset: 2 ** 40, timestamp: 9, headers, key, value };

const bytesOf = (record: WaitingRecord) => waitingRecordSerde.serialize(record, "store");
const readAgain = (record: WaitingRecord) =>
  waitingRecordSerde.deserialize(bytesOf(record), "store");

test("its source is read again: what is the record's own costs eight bytes, and no memory", () => {
  const own = { ...bare, input: keptInput(key, value) };
  expect(bytesOf(own).length - bytesOf(bare).length).toBe(8);
  const { input, ...read } = readAgain(own);
  expect(read).toEqual(bare);
  expect([input?.key, input?.value]).toEqual([key, value]);
  expect([input?.key === read.key, input?.value === read.value]).toEqual([true, true]);
  expect(sizeOf(own)).toBe(sizeOf(bare));

  const other = { ...bare, input: keptInput(null, encodeUtf8("source")) };
  const again = readAgain(other);
  expect([again.input?.key, again.input?.value]).toEqual([null, encodeUtf8("source")]);
  expect([again.key, again.value]).toEqual([key, value]);
  expect(sizeOf(other) - sizeOf(bare)).toBe("source".length);
});

test("one that was written without its source is read, and has none", () => {
  // As versions before 2026-12 wrote it.
  const written = "".concat(
    "00", "0000000000000009", "00000003", "0000010000000000", "00000001",
    "0000000161", "000000016b", "000000066d6170706564", "000000057472616365", "0000000137",
  ); // prettier-ignore
  const old = new Uint8Array(Buffer.from(written, "hex"));
  expect(waitingRecordSerde.deserialize(old, "store")).toEqual(bare);
  expect(bytesOf(bare)).toEqual(old);
});
