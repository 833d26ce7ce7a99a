import { isControl, readAttributes } from "@millrace/protocol/records";
import { CleanedTransactions } from "../../packages/log/src/compaction/cleaned-transactions.ts";
import { TailCache } from "../../packages/log/src/read/tail-cache.ts";

/** A bug that is put in, to show that it is found. */
export interface Plant {
  readonly name: string;
  /** In place of the model's. */
  readonly deleteRetentionMs?: number;
  /** Puts it in; gives what takes it out again. */
  readonly put?: () => () => void;
}

export const noPlant: Plant = { name: "none" };

export const plants: readonly Plant[] = [
  { name: "marker-before-its-data", put: () => replaceDiscardable(true) },
  { name: "tombstone-too-early", deleteRetentionMs: 0 },
  { name: "stale-tail-cache", put: keepCached },
  { name: "aborted-data-kept", put: () => replaceDiscardable(false) },
];

/** Markers always go; or nothing that was aborted does. */
function replaceDiscardable(areMarkers: boolean): () => void {
  const { prototype } = CleanedTransactions;
  const { isDiscardable } = prototype;
  prototype.isDiscardable = function (bytes, at) {
    const is = isDiscardable.call(this, bytes, at);
    return isControl(readAttributes(bytes, at)) ? is || areMarkers : is && areMarkers;
  };
  return () => void (prototype.isDiscardable = isDiscardable);
}

function keepCached(): () => void {
  const { prototype } = TailCache;
  const { dropBelow } = prototype;
  prototype.dropBelow = () => {};
  return () => void (prototype.dropBelow = dropBelow);
}
