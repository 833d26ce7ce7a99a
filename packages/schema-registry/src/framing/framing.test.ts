import { fromHex, toHex } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { guidFrame, idFrame, readGuid, readId, schemaHeaderName } from "./frame.ts";
import { messageIndexes, readMessageIndexes } from "./message-indexes.ts";

const guid = "67f14501-6840-ef97-adbc-35032800bfe0";

describe("REGISTRY-1: the frame of an id", () => {
  test.each([
    [1, "0000000001"],
    [128, "0000000080"],
    [65536, "0000010000"],
    [16909060, "0001020304"],
    [2147483647, "007fffffff"],
    [-2147483648, "0080000000"],
    [-1, "00ffffffff"],
  ])("%i is the magic byte and four bytes, and is read again", (id, hex) => {
    expect(toHex(idFrame(id))).toBe(hex);
    expect(readId(fromHex(`${hex}ab`))).toBe(id);
  });

  test.each([
    ["", "FRAME_TRUNCATED"],
    ["00", "FRAME_TRUNCATED"],
    ["00000000", "FRAME_TRUNCATED"],
    ["01000000", "FRAME_TRUNCATED"],
    ["7b2261223a317d", "UNKNOWN_MAGIC_BYTE"],
    ["ff", "UNKNOWN_MAGIC_BYTE"],
  ])("is not read from %s", (hex, code) => {
    expect(() => readId(fromHex(hex))).toThrow(expect.objectContaining({ code }));
  });
});

describe("the frame of a GUID", () => {
  test("is the magic byte 1 and sixteen bytes, in a header of the part's name", () => {
    expect(toHex(guidFrame(guid))).toBe(`01${guid.replaceAll("-", "")}`);
    expect(readGuid(guidFrame(guid))).toBe(guid);
    expect(schemaHeaderName("key")).toBe("__key_schema_id");
    expect(schemaHeaderName("value")).toBe("__value_schema_id");
  });

  test.each([
    ["01", "FRAME_TRUNCATED"],
    [`01${"00".repeat(15)}`, "FRAME_TRUNCATED"],
    [`02${"00".repeat(16)}`, "UNKNOWN_MAGIC_BYTE"],
  ])("is not read from %s", (hex, code) => {
    expect(() => readGuid(fromHex(hex))).toThrow(expect.objectContaining({ code }));
  });

  test("is not made of what is no GUID", () => {
    expect(() => guidFrame("schema-7")).toThrow(expect.objectContaining({ code: "FRAME_INVALID" }));
  });
});

describe("message indexes", () => {
  test.each([
    [[0], "00"],
    [[1], "0202"],
    [[0, 1], "040002"],
    [[63], "027e"],
    [[64], "028001"],
    [[69, 65], "048a018201"],
    [[2147483647], "02feffffff0f"],
  ])("%j are written as zigzag varints, and read again", (path, hex) => {
    expect(toHex(messageIndexes(path))).toBe(hex);
    expect(readMessageIndexes(fromHex(`aa${hex}bb`), 1)).toEqual({
      path,
      end: 1 + hex.length / 2,
    });
  });

  test.each([
    ["", "FRAME_TRUNCATED"],
    ["02", "FRAME_TRUNCATED"],
    ["0480", "FRAME_TRUNCATED"],
    ["01", "FRAME_INVALID"],
    ["0203", "FRAME_INVALID"],
    ["feffffff0f", "FRAME_INVALID"],
    ["02ffffffffffffff", "FRAME_INVALID"],
  ])("are not read from %s, and nothing is allocated for them", (hex, code) => {
    expect(() => readMessageIndexes(fromHex(hex), 0)).toThrow(expect.objectContaining({ code }));
  });
});
