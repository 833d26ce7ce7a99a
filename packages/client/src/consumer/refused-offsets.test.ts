import { describe, expect, test } from "vitest";
import {
  batch,
  firstFailure,
  play,
  values,
  type FetchBody,
} from "../../test-support/play-fetches.ts";

describe("what a broker refuses", () => {
  test("an offset out of range is told with the bounds of the log, and ends no other partition", () =>
    play(
      [1, 1],
      (partition, fetchOffset) => {
        if (partition === 1) return { records: batch(fetchOffset, ["x"]) };
        return fetchOffset < 10 ? { errorCode: 1 } : { records: batch(fetchOffset, ["y"]) };
      },
      async ({ reader }) => {
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 3 })));
        const told = await firstFailure(reader);
        expect(told).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          topic: "t",
          partition: 0,
          offset: 3,
          startOffset: 10,
          endOffset: 90,
          divergentOffset: undefined,
        });
        await expect(reader.poll({ waitMsMax: 1000 })).rejects.toBe(told);
        reader.unassign([{ topic: "t", partition: 0 }]);
        expect((await values(reader)).length).toBeGreaterThan(0);
        reader.unassign([{ topic: "t", partition: 1 }]);
        reader.assign([{ topic: "t", partition: 0, offset: 10 }]);
        expect(await values(reader)).toContain("10:y");
      },
    ));

  test("an offset that is refused, and is in the log as its leader tells, is asked for once more each time", () => {
    let refusals = 0;
    return play(
      [1],
      (_, fetchOffset) => {
        if (refusals > 0 && refusals-- > 0) return { errorCode: 1 };
        if (fetchOffset > 20) return undefined;
        const records = batch(20, ["x"]);
        records.set([0, 0, 0, 3], 12);
        return { records };
      },
      async ({ reader, broker, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 20 }]);
        expect(await values(reader)).toEqual(["20:x"]);
        const asked = broker.of("Fetch").length;
        for (let time = 1; time <= 2; time++) {
          refusals = 1;
          expect(await firstFailure(reader, 6)).toBeUndefined();
          await platform.timers.sleep(60_000);
        }
        // The epoch of what came before may be what its leader does not know.
        const later = broker
          .of("Fetch")
          .slice(asked)
          .map(({ body }) => body as FetchBody);
        expect(
          later.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions)),
        ).toMatchObject([{ fetchOffset: 21, lastFetchedEpoch: 3 }, { lastFetchedEpoch: -1 }]);
        refusals = 2;
        expect(await firstFailure(reader)).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          offset: 21,
          startOffset: 10,
          endOffset: 90,
        });
      },
    );
  });

  test("one refusal each of two offsets, soon after one another, loses nothing", () => {
    const refused = new Set<number>();
    return play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset > 21) return undefined;
        if (refused.has(fetchOffset)) return { records: batch(fetchOffset, ["x"]) };
        refused.add(fetchOffset);
        return { errorCode: 1 };
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 20 }]);
        const given: string[] = [];
        for (let polls = 0; polls < 20 && given.length < 2; polls++)
          given.push(...(await values(reader)));
        expect(given).toEqual(["20:x", "21:x"]);
      },
    );
  });

  test("an offset that is refused again and again is told, however long the pauses are", () =>
    play(
      [1],
      () => ({ errorCode: 1 }),
      async ({ openReader, broker }) => {
        const reader = openReader({ retryBackoff: "6s", retryBackoffMax: "10s" });
        reader.assign([{ topic: "t", partition: 0, offset: 20 }]);
        expect(await firstFailure(reader)).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          offset: 20,
        });
        expect(broker.of("Fetch")).toHaveLength(2);
      },
    ));

  test("a tail that a leader has lost is told with the offset where the histories part", () =>
    play(
      [1],
      () => ({ divergingEpoch: { epoch: 2, endOffset: 40 } }),
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 50 }]);
        expect(await firstFailure(reader)).toMatchObject({
          code: "OFFSET_OUT_OF_RANGE",
          offset: 50,
          divergentOffset: 40,
          startOffset: 10,
          endOffset: 90,
        });
      },
    ));
});
