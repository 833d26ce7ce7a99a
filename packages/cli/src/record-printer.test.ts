import { encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

import { plainForm } from "./record-form.ts";
import { recordPrinter } from "./record-printer.ts";

const bytes = encodeUtf8;
const record = {
  topic: "t",
  partition: 0,
  offset: 1,
  timestamp: 0,
  key: bytes("a\tb"),
  value: bytes('{\n\t"text": "\\u001b[31m"}\u001b[31m\r'),
  headers: [["stack", bytes("Error: no\n\tat f (a.ts:1)\n\tat g")]] as const,
};

function printed(json: boolean): readonly string[] {
  const lines: string[] = [];
  const form = plainForm("string");
  const parts = { key: form, value: form, timestamps: false, offsets: true, headers: true, json };
  recordPrinter(parts, (line) => lines.push(line))(record);
  return lines;
}

test("a record is one line, whatever its headers, key and value hold", () => {
  expect(printed(false)).toEqual([
    '0:1\tstack=Error: no\\n\\tat f (a.ts:1)\\n\\tat g\ta\\tb\t{\\n\t"text": "\\u001b[31m"}\\u001b[31m\\r',
  ]);
});

test("as JSON it holds the texts as they are", () => {
  const [line, ...more] = printed(true);
  expect(more).toEqual([]);
  expect(JSON.parse(line)).toMatchObject({
    key: "a\tb",
    headers: [["stack", "Error: no\n\tat f (a.ts:1)\n\tat g"]],
  });
});
