import { expect, test } from "vitest";

import { linesOf } from "./lines-of.ts";

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesIn(input: string | Uint8Array, size = 4): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunksOf(Buffer.from(input), size))) lines.push(line);
  return lines;
}

test.each([1, 2, 3, 64])(
  "a line ends at a newline alone, however it arrives (%i bytes)",
  async (size) => {
    expect(
      await linesIn('a\r\n\n{"text":"x\u2028y\u2029z"}\n10 %\r20 %\n\ufeffgrüße', size),
    ).toEqual(["a", "", '{"text":"x\u2028y\u2029z"}', "10 %\r20 %", "\ufeffgrüße"]);
  },
);

test("an input without lines has none, one without a last newline loses nothing", async () => {
  expect(await linesIn("")).toEqual([]);
  expect(await linesIn("\n")).toEqual([""]);
  expect(await linesIn("a")).toEqual(["a"]);
});

test("bytes that are no text are refused by their line, and what is before them is given", async () => {
  const lines = linesOf(chunksOf(Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a]), 2));
  expect((await lines.next()).value).toBe("a");
  await expect(lines.next()).rejects.toMatchObject({
    code: "COMMAND_FAILED",
    message: expect.stringContaining("line 2 is no UTF-8"),
  });
});

test("a line that does not end is refused before it fills the memory", async () => {
  const piece = Buffer.alloc(8 * 1024 * 1024, "x");
  let count = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("a\n");
    for (; count < 100; count++) yield piece;
  }
  const lines = linesOf(endless());
  expect((await lines.next()).value).toBe("a");
  await expect(lines.next()).rejects.toMatchObject({
    code: "COMMAND_FAILED",
    message: expect.stringContaining("line 2 is longer than 256 MiB"),
  });
  expect(count).toBeLessThan(40);
});
