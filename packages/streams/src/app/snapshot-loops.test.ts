import { SnapshotError, StateError, type WrittenSnapshot } from "@millrace/state";
import { expect, test } from "vitest";

import { snapshotLoops } from "./snapshot-loops.ts";

const { signal } = new AbortController();
const order = { to: "/snapshots", keep: undefined, signal };
const written = (task: string): WrittenSnapshot => ({ task, id: "1", rows: 1, lengthBytes: 1 });
const full = new SnapshotError("SNAPSHOT_STORE_FAILED", "0_0: the disk is full");
const broken = new StateError("STORE_ENGINE_FAILED", "1_0: a bad sector");

const failing = (error: unknown) => ({ snapshot: () => Promise.reject(error) });

test("loops copy their tasks at once; a failure of one is told once the others have ended", async () => {
  let hasEnded = false;
  const slow = {
    snapshot: async () => {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      hasEnded = true;
      return [written("0_1")];
    },
  };
  await expect(snapshotLoops([failing(full), slow], order)).rejects.toBe(full);
  expect(hasEnded).toBe(true);
  expect(await snapshotLoops([slow, slow], order)).toEqual([written("0_1"), written("0_1")]);
});

test("failures of several loops are told all, and one that all have is told once", async () => {
  await expect(snapshotLoops([failing(full), failing(broken)], order)).rejects.toMatchObject({
    code: "SNAPSHOT_STORE_FAILED",
    message: "0_0: the disk is full; 1_0: a bad sector",
    cause: { errors: [full, broken] },
  });
  await expect(snapshotLoops([failing(full), failing(full)], order)).rejects.toBe(full);
  const nothing: unknown = Object.create(null); // no text can be made of it
  await expect(snapshotLoops([failing(nothing), failing(broken)], order)).rejects.toMatchObject({
    errors: [nothing, broken],
  });
  const gone = { ...order, signal: AbortSignal.abort(new Error("given up")) };
  await expect(snapshotLoops([failing(full)], gone)).rejects.toThrow("given up");
});
