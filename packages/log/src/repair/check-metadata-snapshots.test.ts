import { noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { controlTypes, RecordBatchBuilder } from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { checkMetadataSnapshots } from "./check-metadata-snapshots.ts";

const name = "00000000000000000007-0000000001.checkpoint";

function batch(baseOffset: number, type?: (typeof controlTypes)[number]): Uint8Array {
  const builder = new RecordBatchBuilder();
  const key = type === undefined ? null : Uint8Array.of(0, 0, 0, controlTypes.indexOf(type));
  builder.append(1, key, Uint8Array.of(0, 0, 0), noHeaders);
  return builder.build({ baseOffset, partitionLeaderEpoch: 1, isControl: type !== undefined });
}

const sound = (): Uint8Array =>
  new Uint8Array(
    [batch(0, "snapshot-header"), batch(1), batch(2, "snapshot-footer")].flatMap((one) => [...one]),
  );

function foundIn(bytes: Uint8Array) {
  const platform = memoryPlatform();
  platform.fileSystem.makeDirectory("/__cluster_metadata-0");
  const file = platform.fileSystem.open(`/__cluster_metadata-0/${name}`, "create");
  file.write([bytes], 0);
  file.close();
  return checkMetadataSnapshots({ platform, path: "/__cluster_metadata-0" });
}

test("a snapshot of the metadata that is whole is no finding", () => {
  expect(foundIn(sound())).toEqual([]);
});

test("any bit that is flipped in a snapshot of the metadata, and any cut, is damage with name and place", () => {
  const whole = sound();
  const path = `/__cluster_metadata-0/${name}`;
  for (let at = 0; at < whole.length; at++) {
    const flipped = sound();
    flipped[at] ^= 0x10;
    const starts = [
      0,
      batch(0, "snapshot-header").length,
      whole.length - batch(2, "snapshot-footer").length,
    ];
    // The leader's epoch is in no checksum.
    const isCovered = starts.every((start) => at < start + 12 || at >= start + 16);
    if (isCovered) expect(foundIn(flipped)).toMatchObject([{ kind: "damage", path }]);
    expect(foundIn(whole.subarray(0, at))).toMatchObject([{ kind: "damage", path }]);
  }
});

test("a snapshot whose last batch is of no kind that there is has no end, which is told and not thrown", () => {
  for (const key of [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(0, 0, 0, 99)]) {
    const builder = new RecordBatchBuilder();
    builder.append(1, key, Uint8Array.of(0, 0, 0), noHeaders);
    const odd = builder.build({ baseOffset: 2, partitionLeaderEpoch: 1, isControl: true });
    const bytes = [batch(0, "snapshot-header"), batch(1), odd].flatMap((one) => [...one]);
    expect(foundIn(new Uint8Array(bytes))).toMatchObject([{ kind: "damage" }]);
  }
});
