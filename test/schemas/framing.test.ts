import { fromHex, toHex } from "@millrace/model";
import {
  guidFrame,
  guidFrameSize,
  idFrame,
  idFrameSize,
  messageIndexes,
  readGuid,
  readId,
  readMessageIndexes,
  schemaHeaderName,
} from "@millrace/schema-registry";
import { expect, test } from "vitest";

import { recordedCases, type FactCase } from "./facts.ts";

interface WireCase extends FactCase {
  readonly id: number;
  readonly guid?: string;
  readonly indexes?: readonly number[];
  readonly header?: { readonly key: string; readonly hex: string };
  readonly bytes: string;
}

const cases = recordedCases("wire/wire-format") as readonly WireCase[];

test("all 55 recorded records are framed as they were, and their frames read", () => {
  expect(cases).toHaveLength(55);
  for (const { name, id, guid = "", indexes, header, bytes } of cases) {
    const path = indexes === undefined ? "" : toHex(messageIndexes(indexes));
    const framed = fromHex(header?.hex ?? bytes);
    const start = header === undefined ? idFrameSize : guidFrameSize;
    const frame = toHex(header === undefined ? idFrame(id) : guidFrame(guid)) + path;
    expect(toHex(framed.subarray(0, frame.length / 2)), name).toBe(frame);
    expect(header === undefined ? readId(framed) : readGuid(framed), name).toBe(
      header === undefined ? id : guid,
    );
    if (indexes !== undefined)
      expect(readMessageIndexes(framed, start).path, name).toEqual(indexes);
    if (header === undefined) continue;
    expect(header.key).toBe(schemaHeaderName(name.endsWith("-key") ? "key" : "value"));
    expect(header.hex, "nothing follows in the header").toHaveLength(frame.length);
  }
});
