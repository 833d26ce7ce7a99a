import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, test } from "vitest";

import { QueryError } from "../error/query-error.ts";
import type { AnswerPage, PartitionRequest } from "./local-answers.ts";
import { SeenChanges } from "./seen-changes.ts";
import { StoreReader, type StoreReaderParts } from "./store-reader.ts";

const store = {
  specification: { name: "prices" },
  subtopology: {},
  changelogTopic: "prices",
  isSourceTopic: true,
};
const row = { key: Uint8Array.of(1), value: null, timestamp: 0, headers: [] };
const change = { row, partition: 2, offset: 7 };

/** Of a store whose asks are answered one after the other: by the offset that is seen, or what is thrown. */
function seenBy(answers: (number | Error)[], asked: PartitionRequest[] = []): SeenChanges {
  const ask = async function* (_: unknown, request: PartitionRequest): AsyncGenerator<AnswerPage> {
    asked.push(request);
    const answer = answers.shift();
    if (typeof answer !== "number") throw answer ?? new Error("it was asked too often");
    const position = { prices: { 2: answer } };
    yield { head: { isStandby: false, position, changelogOffsets: {} }, rows: [] };
  };
  const closing = new AbortController().signal;
  const parts = {
    store,
    asker: { ask, here: async () => undefined },
    closing,
    platform: memoryPlatform(),
  } as unknown;
  const settings = { timeout: 0, isLocal: false, standbys: false };
  return new SeenChanges(
    new StoreReader(parts as StoreReaderParts, settings as StoreReader["settings"]), // as much of them as is asked for
  );
}

describe("a change of a topic that is the changelog", () => {
  const { signal } = new AbortController();

  test("waits until it is seen, and no further one is asked for that is seen as well", async () => {
    const asked: PartitionRequest[] = [];
    const moving = new QueryError("NOT_ACTIVE", "its task moves");
    const seen = seenBy([moving, new QueryError("NOT_UP_TO_BOUND", "soon"), 9], asked);
    expect(seen.has(change)).toBe(false);
    await seen.until(change, signal);
    expect(asked.map(({ positionAtLeast }) => positionAtLeast)).toEqual(
      Array.from({ length: 3 }, () => ({ prices: { 2: 7 } })),
    );
    expect([7, 9, 10].map((offset) => seen.has({ ...change, offset }))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("ends the changes where nobody has it, or asking again mends nothing", async () => {
    for (const code of ["NOT_PRESENT", "STORE_FAILED"] as const)
      await expect(
        seenBy([new QueryError(code, "none")]).until(change, signal),
      ).rejects.toMatchObject({ code });
  });

  test("is given up with its reader", async () => {
    const gone = AbortSignal.abort(new Error("enough"));
    await expect(seenBy([]).until(change, gone)).rejects.toThrow("enough");
  });
});
