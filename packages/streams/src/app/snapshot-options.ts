import { numberOption, optionTable, valueOption, type GivenOptions } from "@millrace/model";

import { snapshotPlaceKind, type SnapshotPlace } from "./snapshot-place.ts";

const rows = {
  /** Where to: a directory, `s3://bucket/prefix`, or a store of your own. */
  to: valueOption<SnapshotPlace>(snapshotPlaceKind, { defaultText: "stateFrom" }),
  /** So many snapshots of each task stay, the newest ones, and never fewer than two: the one before the newest may be being read. Without it all stay. */
  keep: numberOption({ min: 1, defaultText: "all" }),
  /** Gives up: what was not written whole is no snapshot. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
};

/** How the state of an application is copied. */
export interface SnapshotOptions extends GivenOptions<typeof rows> {}

export const snapshotOptionTable = optionTable("app.snapshot", rows);
