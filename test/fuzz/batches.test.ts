import { encodeUtf8, type Headers, noHeaders } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { KafkaError, ProtocolError } from "@millrace/protocol";
import { nodeCompression } from "@millrace/protocol/compression";
import {
  BatchCursor,
  compressionNames,
  readBatchSizeBytes,
  RecordBatchBuilder,
  RecordBatchReader,
  updateCrc,
} from "@millrace/protocol/records";
import { describe, expect, test } from "vitest";

import { AllocationWatch } from "./allocation.ts";
import { frameCount, seed } from "./fuzz-size.ts";
import { mutate } from "./mutate.ts";

const batches = frameCount(1_200_000, 3000);
const headerBytes = 61;
const attributesAt = 21;
const lengthAt = 8;
/** A batch may unpack to so much, whatever it is. */
const unpackedBytesMax = 1024 * 1024;
/** Of what a batch may unpack to: what is unpacked, and the decoder's own room. */
const unpackedMultipleMax = 8;
const turnMsMax = 1000;
const bombBytes = 16 * unpackedBytesMax;
const mutationsEach = 20;

/** Records with all kinds of nothing in them, and headers. */
function makeBatch(random: SeededRandom): Uint8Array {
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  for (let left = 1 + random.below(5); left > 0; left--) {
    const key = random.chance(0.3) ? null : encodeUtf8("k".repeat(random.below(20)));
    const value = random.chance(0.2) ? null : encodeUtf8("value ".repeat(random.below(30)));
    const headers: Headers = random.chance(0.3) ? [["h", key]] : noHeaders;
    builder.append(1_700_000_000_000 + random.below(1000), key, value, headers);
  }
  return builder.build();
}

/** Mutated records come in a sound batch: packed, or with a pack that was mutated itself. */
function hostileBatch(random: SeededRandom, sound: Uint8Array): Uint8Array {
  const codec = random.below(compressionNames.length);
  const records = random.chance(0.7)
    ? mutate(random, sound.subarray(headerBytes))
    : sound.subarray(headerBytes);
  const packed = nodeCompression.compress(codec, records);
  const whole = Buffer.concat([sound.subarray(0, headerBytes), packed]);
  whole[attributesAt + 1] |= codec;
  whole.writeInt32BE(whole.length - lengthAt - 4, lengthAt);
  const batch = random.chance(0.5) ? mutate(random, whole, lengthAt) : whole;
  const isWhole = batch.length >= headerBytes && readBatchSizeBytes(batch, 0) === batch.length;
  if (isWhole && random.chance(0.9)) updateCrc(batch, 0);
  return batch;
}

function readAll(bytes: Uint8Array): void {
  const cursor = new BatchCursor(bytes);
  while (cursor.next()) {
    const records = new RecordBatchReader({
      bytes,
      position: cursor.position,
      codecs: nodeCompression,
      decompressedBytesMax: unpackedBytesMax,
    });
    while (records.next()) {
      records.checkHeaders();
      void [records.key, records.value, records.headers, records.offset, records.timestamp];
    }
  }
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof ProtocolError || thrown instanceof KafkaError;
}

test(
  `${batches} mutated batches of all codecs are read or refused, within a bound (seed ${seed})`,
  { timeout: 2_400_000 },
  () => {
    const random = new SeededRandom(seed);
    const watch = new AllocationWatch();
    let refused = 0;
    for (let count = 0; count < batches; count += mutationsEach) {
      const sound = makeBatch(random);
      for (let index = 0; index < mutationsEach; index++) {
        const batch = hostileBatch(random, sound);
        const thrown = watch.run(unpackedBytesMax, () => readAll(batch));
        if (thrown === undefined) continue;
        refused++;
        if (!isRefusal(thrown))
          throw new Error(`seed ${seed}: ${Buffer.from(batch).toString("hex")}`, { cause: thrown });
      }
    }
    console.log(
      `${batches} batches, ${refused} refused; at most ${watch.greatest.toFixed(1)} times what they ` +
        `may unpack to, ${Math.round(watch.longestMs)} ms`,
    );
    expect(refused).toBeGreaterThan(batches / 4);
    expect(watch.greatest).toBeLessThan(unpackedMultipleMax);
    expect(watch.longestMs).toBeLessThan(turnMsMax);
  },
);

describe("a batch that unpacks to hundreds of times its size", () => {
  const random = new SeededRandom(seed);
  const codecs = compressionNames.map((name, codec) => ({ name, codec })).slice(1);

  test.each(codecs)("$name is refused before it takes more than it may", ({ codec }) => {
    const sound = makeBatch(random);
    const packed = nodeCompression.compress(codec, new Uint8Array(bombBytes));
    const bomb = Buffer.concat([sound.subarray(0, headerBytes), packed]);
    bomb[attributesAt + 1] |= codec;
    bomb.writeInt32BE(bomb.length - lengthAt - 4, lengthAt);
    updateCrc(bomb, 0);
    const watch = new AllocationWatch();
    const thrown = watch.run(unpackedBytesMax, () => readAll(bomb));
    expect(thrown).toMatchObject({ code: "MALFORMED_BATCH" });
    expect(watch.greatest).toBeLessThan(unpackedMultipleMax);
  });
});
