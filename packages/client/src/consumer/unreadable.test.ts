import { UnreadableBatchError } from "@millrace/cluster";
import { concatBytes, encodeUtf8, noHeaders } from "@millrace/model";
import { nodeCompression } from "@millrace/protocol/compression";
import { RecordBatchBuilder, updateCrc } from "@millrace/protocol/records";
import { describe, expect, test } from "vitest";
import { batch, firstFailure, play, values } from "../../test-support/play-fetches.ts";

interface Damage {
  readonly what: string;
  /** The first record that it makes unreadable. */
  readonly from: number;
  /** The end that the batch claims. Default 4. */
  readonly end?: number;
  /** What it does to a batch of three records at offset 1. */
  readonly damage: (bytes: Uint8Array) => unknown;
  readonly isSeenByCrc?: boolean;
}

const damages: readonly Damage[] = [
  {
    what: "does not match its checksum",
    from: 1,
    damage: (bytes) => (bytes[bytes.length - 1] ^= 1),
    isSeenByCrc: true,
  },
  { what: "has an unknown compression", from: 1, damage: (bytes) => (bytes[22] |= 5) },
  { what: "is not what its codec makes", from: 1, damage: (bytes) => (bytes[22] |= 1) },
  { what: "claims more records than it has", from: 4, damage: (bytes) => (bytes[60] = 9) },
  { what: "claims fewer records than it has", from: 2, damage: (bytes) => (bytes[60] = 1) },
  { what: "claims less than no records", from: 1, damage: (bytes) => (bytes[57] = 0xff) },
  {
    what: "has a record with less than no headers",
    from: 3,
    damage: (bytes) => (bytes[bytes.length - 1] = 3),
  },
  {
    what: "has a record beyond its last offset",
    from: 2,
    end: 2,
    damage: (bytes) => (bytes[26] = 0),
  },
  {
    what: "is a compressed end of a transaction",
    from: 1,
    damage: (bytes) => (bytes[22] |= 0x31),
  },
  { what: "ends before it begins", from: 1, damage: (bytes) => (bytes[23] = 0xff) },
  {
    what: "is an end of a transaction, and is none",
    from: 1,
    damage: (bytes) => (bytes[22] |= 0x30),
  },
];

describe("what cannot be read", () => {
  test.each(damages)(
    "a batch that $what is told in its place; what lies before and behind it is given",
    ({ from, end = 4, damage, isSeenByCrc }) => {
      const damaged = batch(1, ["b", "c", "d"]);
      damage(damaged);
      if (isSeenByCrc !== true) updateCrc(damaged, 0);
      return play(
        [1],
        (_partition, fetchOffset) => {
          const last = batch(4, ["e"]);
          const records = concatBytes(batch(0, ["a"]), damaged, last);
          // Ends of transactions are read where one was aborted.
          if (fetchOffset === 0) return { records, aborted: [{ producerId: 7, firstOffset: 0 }] };
          return fetchOffset === 4 ? { records: last } : undefined;
        },
        async ({ reader }) => {
          reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
          const given: number[] = [];
          const told: UnreadableBatchError[] = [];
          for (let polls = 0; polls < 20 && given.at(-1) !== 4; polls++) {
            for (const one of await reader.poll({ waitMsMax: 2000 })) {
              try {
                while (one.next()) given.push(one.offset);
              } catch (error) {
                told.push(error as UnreadableBatchError);
                expect(() => one.next()).toThrow(told[0]);
              }
              one.release();
            }
          }
          expect(given).toEqual([0, ...[1, 2, 3].filter((at) => at < from), 4]);
          expect(told).toHaveLength(1);
          expect(told[0]).toBeInstanceOf(UnreadableBatchError);
          expect(told[0]).toMatchObject({
            code: "BATCH_UNREADABLE",
            topic: "t",
            partition: 0,
            offset: from,
            nextOffset: end,
            bytes: damaged,
          });
          expect(told[0].message).toContain(`To skip it, go on from offset ${end}`);
          expect(reader.position({ topic: "t", partition: 0 })).toBe(5);
        },
      );
    },
  );

  test.each([
    { what: "alone", all: false },
    { what: "with what follows it, again and again", all: true },
  ])(
    "a damaged end of a batch makes no reader pass over what follows it: it comes $what",
    ({ all }) =>
      play(
        [1],
        (_, fetchOffset) => {
          const damaged = batch(0, ["a", "b"]);
          damaged[24] = 0x7f;
          const last = batch(2, ["c"]);
          if (all && fetchOffset < 3) return { records: concatBytes(damaged, last) };
          if (fetchOffset === 0) return { records: damaged };
          return fetchOffset === 2 ? { records: last } : undefined;
        },
        async ({ reader }) => {
          reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
          const [first] = await reader.poll({ waitMsMax: 1000 });
          expect(() => first.next()).toThrow(expect.objectContaining({ offset: 0, nextOffset: 2 }));
          first.release();
          expect(await values(reader)).toEqual(["2:c"]);
        },
      ),
  );

  test("what is sound behind two damaged batches is given, though the first claims to reach further", () =>
    play(
      [1],
      (_, fetchOffset) => {
        const first = batch(0, ["a", "b"]);
        first[24] = 0x7f;
        const second = batch(2, ["c", "d"]);
        second[second.length - 1] ^= 1;
        const last = batch(4, ["e", "f"]);
        return fetchOffset < 6 ? { records: concatBytes(first, second, last) } : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const given: number[] = [];
        const told: number[] = [];
        for (let polls = 0; polls < 20 && given.length < 2; polls++)
          for (const one of await reader.poll({ waitMsMax: 2000 })) {
            try {
              while (one.next()) given.push(one.offset);
            } catch (error) {
              told.push((error as UnreadableBatchError).offset);
            }
            one.release();
          }
        expect(given).toEqual([4, 5]);
        expect(told).toEqual([0, 2, 3]);
      },
    ));

  test.each([-4, 4])("a damaged size of a batch (by %i) tells no end that is not its own", (by) =>
    play(
      [1],
      (_, fetchOffset) => {
        const damaged = batch(1, ["a", "b", "c"]);
        damaged[11] += by;
        const last = batch(4, ["d", "e"]);
        if (fetchOffset === 1) return { records: concatBytes(damaged, last) };
        return fetchOffset === 4 ? { records: last } : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 1 }]);
        const [first] = await reader.poll({ waitMsMax: 1000 });
        expect(() => first.next()).toThrow(expect.objectContaining({ offset: 1, nextOffset: 4 }));
        first.release();
        expect(await values(reader)).toEqual(["4:d", "5:e"]);
      },
    ),
  );

  test.each([
    { what: "with more offsets than records, and nothing behind it,", last: 8, isWhole: false },
    { what: "that is whole, and ends before what is asked for,", last: 2, isWhole: true },
  ])("a batch $what is told at each offset, not asked for again for ever", ({ last, isWhole }) => {
    const records = batch(0, ["a", "b"]);
    records[26] = last;
    if (isWhole) updateCrc(records, 0);
    return play(
      [1],
      (_, fetchOffset) => (fetchOffset < 6 ? { records } : undefined),
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 4 }]);
        const told: UnreadableBatchError[] = [];
        for (let polls = 0; polls < 20 && told.length < 2; polls++)
          for (const one of await reader.poll({ waitMsMax: 1000 })) {
            try {
              one.next();
            } catch (error) {
              told.push(error as UnreadableBatchError);
            }
            one.release();
          }
        expect(told).toMatchObject([
          { offset: 4, nextOffset: 5, bytes: records },
          { offset: 5, nextOffset: 6, bytes: records },
        ]);
      },
    );
  });

  test("bytes that are no batches are told, and end nothing else", () =>
    play(
      [1],
      (_, fetchOffset) =>
        fetchOffset === 0 ? { records: new Uint8Array(100).fill(7) } : undefined,
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await expect(values(reader)).rejects.toMatchObject({ code: "BATCH_UNREADABLE" });
        reader.assign([{ topic: "t", partition: 0, offset: 5 }]);
        expect(await values(reader)).toEqual([]);
      },
    ));

  test("a missing codec is told as that: it is no fault of the batch", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset > 0) return undefined;
        const zipped = new RecordBatchBuilder();
        zipped.append(0, null, encodeUtf8("a"), noHeaders);
        return {
          records: zipped.build({ baseOffset: 0, compression: "gzip", codecs: nodeCompression }),
        };
      },
      async ({ openReader }) => {
        const reader = openReader({ codecs: undefined });
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await expect(values(reader)).rejects.toMatchObject({
          code: "UNSUPPORTED_COMPRESSION_TYPE",
        });
      },
    ));

  test("a damaged batch whose first offset is damaged as well hides none behind it", () =>
    play(
      [1],
      (_, fetchOffset) => {
        const damaged = batch(1, ["b"]);
        damaged[damaged.length - 1] ^= 1;
        damaged[3] = 1;
        const last = batch(2, ["c"]);
        if (fetchOffset < 2) return { records: concatBytes(damaged, last) };
        return fetchOffset === 2 ? { records: last } : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 1 }]);
        const [one] = await reader.poll({ waitMsMax: 1000 });
        expect(() => one.next()).toThrow(expect.objectContaining({ offset: 1, nextOffset: 2 }));
        one.release();
        expect(await values(reader)).toEqual(["2:c"]);
      },
    ));

  test.each([
    { what: "behind a sound one", isDamaged: false, told: [[3, 4]] },
    { what: "behind a damaged one", isDamaged: true, told: [[2, 3]] },
  ])("a batch that begins too early $what is told", ({ isDamaged, told }) =>
    play(
      [1],
      (_, fetchOffset) => {
        const second = batch(2, ["c"]);
        if (isDamaged) second[second.length - 1] ^= 1;
        const early = batch(1, ["d"]);
        if (fetchOffset === 0) return { records: concatBytes(batch(0, ["a", "b"]), second, early) };
        return undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const found: number[][] = [];
        for (let polls = 0; polls < 3; polls++)
          for (const one of await reader.poll({ waitMsMax: 1000 })) {
            try {
              while (one.next()) continue;
            } catch (error) {
              const { offset, nextOffset } = error as UnreadableBatchError;
              found.push([offset, nextOffset]);
            }
            one.release();
          }
        expect(found).toEqual(told);
      },
    ),
  );

  test("a damaged size that ends where a later batch does hides none between", () =>
    play(
      [1],
      (_, fetchOffset) => {
        const [first, second, third] = [0, 1, 2].map((at) => batch(at, ["x".repeat(59)]));
        expect(first).toHaveLength(128);
        first[11] ^= 0x80;
        const sound = concatBytes(second, third);
        if (fetchOffset === 0) return { records: concatBytes(first, sound) };
        return fetchOffset === 1 ? { records: sound } : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const [one] = await reader.poll({ waitMsMax: 1000 });
        expect(() => one.next()).toThrow(expect.objectContaining({ offset: 0, nextOffset: 1 }));
        one.release();
        expect(await values(reader)).toHaveLength(2);
      },
    ));

  test("a log that is damaged at its broker is told as that, for good, and ends no other partition", () =>
    play(
      [1, 1],
      (partition, fetchOffset) =>
        partition === 0 ? { errorCode: 2 } : { records: batch(fetchOffset, ["x"]) },
      async ({ reader }) => {
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 7 })));
        expect(await firstFailure(reader)).toMatchObject({
          code: "BATCH_UNREADABLE",
          retriable: false,
          topic: "t",
          partition: 0,
          message: expect.stringMatching(/t-0 .*offset 7 .*CORRUPT_MESSAGE/),
        });
        reader.unassign([{ topic: "t", partition: 0 }]);
        expect((await values(reader)).length).toBeGreaterThan(0);
      },
    ));

  test("a partition that may not be read is told by its name", () =>
    play(
      [1],
      () => ({ errorCode: 29 }),
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const told = await firstFailure(reader);
        expect(told).toMatchObject({ code: "NOT_AUTHORIZED", topic: "t", partition: 0 });
      },
    ));
});
