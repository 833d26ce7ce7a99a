import { UnreadableBatchError } from "@millrace/cluster";
import { concatBytes, encodeUtf8, noHeaders, type RecordBatchView } from "@millrace/model";
import { nodeCompression } from "@millrace/protocol/compression";
import { RecordBatchBuilder, type Compression } from "@millrace/protocol/records";
import { describe, expect, test } from "vitest";
import { batch, fetchedRow, play } from "../../test-support/play-fetches.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { queueFetched } from "./fetched-batches.ts";
import { HeldBytes } from "./held-bytes.ts";

describe("what a reader holds", () => {
  const kilobyte = "x".repeat(1024);

  test("partitions that wait for others do not keep those from being fetched", () =>
    play(
      [1, 1],
      (partition, fetchOffset) => {
        if (partition === 0) return { records: batch(fetchOffset, [kilobyte]) };
        return isLate && fetchOffset === 0 ? { records: batch(0, ["late"]) } : undefined;
      },
      async ({ openReader }) => {
        const reader = openReader({}, { bufferBytesMax: 8 * 1024 });
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0 })));
        // As an application does whose task waits for a record of the other input.
        const waiting: RecordBatchView[] = [];
        for (let empty = 0; empty < 3;) {
          const batches = await reader.poll({ waitMsMax: 100 });
          waiting.push(...batches);
          if (batches.length === 0) empty += 1;
        }
        expect(waiting.length).toBeLessThan(20);
        isLate = true;
        const [late] = await reader.poll({ waitMsMax: 2000 });
        expect(late).toMatchObject({ partition: 1 });
        for (const one of [...waiting, late]) one.release();
        expect((await reader.poll({ waitMsMax: 2000 })).length).toBeGreaterThan(0);
      },
    ));
  let isLate = false;

  test("a compressed batch is unpacked when it is reached", () => {
    let unpackedCount = 0;
    const codecs: Compression = {
      compress: nodeCompression.compress,
      decompress: (...given) => {
        unpackedCount += 1;
        return nodeCompression.decompress(...given);
      },
    };
    const zipped = (baseOffset: number): Uint8Array => {
      const builder = new RecordBatchBuilder();
      builder.append(0, null, encodeUtf8(kilobyte.repeat(100)), noHeaders);
      return builder.build({ baseOffset, compression: "gzip", codecs: nodeCompression });
    };
    return play(
      [1],
      (_, fetchOffset) =>
        fetchOffset === 0 ? { records: concatBytes(zipped(0), zipped(1), zipped(2)) } : undefined,
      async ({ openReader }) => {
        const reader = openReader({ codecs });
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        const batches = await reader.poll({ waitMsMax: 1000 });
        expect(batches).toHaveLength(3);
        expect(unpackedCount).toBe(0);
        for (const [index, one] of batches.entries()) {
          expect(one.next()).toBe(true);
          expect(one.value).toHaveLength(100 * 1024);
          expect(unpackedCount).toBe(index + 1);
          one.release();
        }
      },
    );
  });

  test("CLIENT-3: what is counted is what is held, to the last byte, whatever fails in between", () => {
    const held = new HeldBytes();
    const assigned = new AssignedPartition({ topic: "t", partition: 0, offset: 0 }, held);
    const builder = new RecordBatchBuilder();
    builder.append(0, null, encodeUtf8(kilobyte.repeat(100)), noHeaders);
    const zipped = builder.build({ compression: "gzip", codecs: nodeCompression });
    const damaged = batch(2, ["c"]);
    damaged[damaged.length - 1] ^= 1;
    const own = concatBytes(zipped, batch(1, ["b"]), damaged);
    // A part of a large response, as of many partitions.
    const response = new Uint8Array(1_000_000);
    response.set(own, 500_000);
    queueFetched(
      assigned,
      {
        ...fetchedRow,
        records: response.subarray(500_000, 500_000 + own.length),
      },
      { isCommitted: false, codecs: nodeCompression, checkCrcs: true, onFreed: () => {} },
    );
    expect(held.sizeBytes).toBe(own.length);
    const [first, second, third] = assigned.fetched;
    expect(first.next()).toBe(true);
    expect(first.value?.buffer.byteLength).toBeGreaterThan(100_000);
    expect(held.sizeBytes).toBeGreaterThan(own.length + 100_000);
    expect(second.next()).toBe(true);
    expect(second.value?.buffer.byteLength).toBe(own.length);
    expect(() => third.next()).toThrow(UnreadableBatchError);
    first.release();
    first.release();
    expect(held.sizeBytes).toBe(own.length);
    assigned.retire();
    expect(held.sizeBytes).toBe(0);
    expect(assigned.held.sizeBytes).toBe(0);
  });
});
