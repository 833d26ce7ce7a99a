import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { AnsweringTurns } from "./answering-turns.ts";
import type { AnswerRow } from "./question.ts";
import { Rows } from "./rows.ts";
import { SnapshotRows } from "./snapshot-rows.ts";
import type { StoreReader } from "./store-reader.ts";

/** More than a call takes arguments. */
const many = 200_000;
const head = { isStandby: false, position: {}, changelogOffsets: { 0: 7 } };

function rowOf(key: Uint8Array): AnswerRow {
  return { key, value: new Uint8Array(1), timestamp: 1, headers: [] };
}

test("a partition may have more rows than a call takes arguments", async () => {
  const row = rowOf(new Uint8Array(1));
  const reader: Pick<StoreReader, "partitions" | "whole" | "turns" | "requireGoing"> = {
    turns: new AnsweringTurns(nodePlatform()),
    requireGoing: () => {},
    partitions: async () => [0],
    whole: async () => ({ head, rows: Array.from({ length: many }, () => row) }),
  };
  const rows = new Rows({
    reader: reader as StoreReader,
    partition: undefined,
    question: async () => ({ kind: "count" }),
    decode: ({ timestamp }) => timestamp,
  });
  expect((await rows.toArray()).length).toBe(many);
});

test("a key may have more bytes than a call takes arguments", async () => {
  const first = rowOf(new Uint8Array(many));
  const second = rowOf(new Uint8Array(many).fill(1));
  const reader: Pick<StoreReader, "pages"> = {
    async *pages() {
      yield { head, rows: [first, second] };
    },
  };
  const snapshot = new SnapshotRows(reader as StoreReader, 0, { kind: "count" });
  const given: unknown[] = [];
  for await (const { key } of snapshot.rows()) given.push(key);
  expect(given).toEqual([first.key, second.key]);
});
