import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodePlatform } from "@millrace/platform/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batchesIn, batchOf } from "../../test-support/batches.ts";
import { PartitionLog } from "../partition-log.ts";

const openFilesMax = 8;
const logCount = 20;
const segmentCount = 5;
const all = { maxBytes: 1_000_000, upTo: Number.POSITIVE_INFINITY };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-unsynced-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

const config = { isSyncedWhileOpen: false, segmentMs: 1 };

async function openLogs(wasCleanlyClosed: boolean): Promise<readonly PartitionLog[]> {
  const platform = nodePlatform({ openFilesMax });
  const logs: PartitionLog[] = [];
  for (let partition = 0; partition < logCount; partition++)
    logs.push(
      await PartitionLog.open({
        platform,
        path: `${folder}/orders-${partition}`,
        topic: "orders",
        partition,
        leaderEpoch: 1,
        wasCleanlyClosed,
        config,
      }),
    );
  return logs;
}

function createLogs(): readonly PartitionLog[] {
  const platform = nodePlatform({ openFilesMax });
  return Array.from({ length: logCount }, (_, partition) =>
    PartitionLog.create({
      platform,
      path: `${folder}/orders-${partition}`,
      topic: "orders",
      partition,
      leaderEpoch: 1,
      config,
    }),
  );
}

/** A segment for each record. */
function fill(logs: readonly PartitionLog[]): void {
  for (let segment = 0; segment < segmentCount; segment++)
    for (const log of logs) {
      const timestamp = 1000 * (log.logEndOffset + 1);
      log.append(batchOf({ timestamp }), { origin: "client" });
      log.advanceHighWatermark(log.logEndOffset);
    }
}

async function closeAll(logs: readonly PartitionLog[]): Promise<void> {
  for (const log of logs) await log.close();
}

describe("logs that nobody syncs while they are open", () => {
  it("take any number of segments with few descriptors, and hold them after an orderly close", async () => {
    const logs = createLogs();
    fill(logs);
    await closeAll(logs);
    const again = await openLogs(true);
    for (const log of again) {
      expect(log.recovery.scannedBytes).toBe(0);
      for (let offset = 0; offset < segmentCount; offset++)
        expect(batchesIn(log.read(offset, all))).toEqual([[offset, 1]]);
    }
    await closeAll(again);
  });

  it("keep nothing open of segments that are removed", async () => {
    const logs = createLogs();
    // The first deletion syncs the log, once.
    for (let round = 1; round <= 3; round++) {
      fill(logs);
      for (const log of logs) {
        await log.deleteRecordsBefore(round * segmentCount - 1);
        expect(log.segments()).toHaveLength(1);
      }
    }
    await closeAll(logs);
  });
});
