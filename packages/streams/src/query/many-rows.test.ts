import { describe, expect, test } from "vitest";

import type { Question } from "./question.ts";
import { Rows } from "./rows.ts";
import { SnapshotRows } from "./snapshot-rows.ts";
import type { StoreReader } from "./store-reader.ts";

/** As many as no call takes arguments. */
const count = 200_000;
const head = { isStandby: false, position: {}, changelogOffsets: {} };
const everyKey: Question = { kind: "range", from: null, to: null, isReverse: false };

function answering(rows: readonly object[]): StoreReader {
  return {
    partitions: async () => [0],
    whole: async () => ({ head, rows }),
    // eslint-disable-next-line require-await -- as pages come
    pages: async function* () {
      yield { head, rows };
    },
  } as unknown as StoreReader; // what is asked of one
}

describe("a store answers", () => {
  const row = (key: Uint8Array) => ({ key, value: new Uint8Array(1), timestamp: 0, headers: [] });

  test("with more rows than a call takes arguments", async () => {
    const one = row(new Uint8Array(1));
    const rows = new Rows({
      reader: answering(Array.from({ length: count }, () => one)),
      partition: undefined,
      question: async () => everyKey,
      decode: ({ timestamp }) => timestamp,
    });
    expect(await rows.toArray()).toHaveLength(count);
  });

  test("with a key that is longer than that, before its changes", async () => {
    const rows = new SnapshotRows(answering([row(new Uint8Array(count))]), 0, everyKey);
    const found: object[] = [];
    for await (const one of rows.rows()) found.push(one);
    expect(found).toHaveLength(1);
  });
});
