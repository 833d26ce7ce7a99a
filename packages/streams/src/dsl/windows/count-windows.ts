import { shown } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import { requireWindowOptions } from "./window-options.ts";

export interface CountWindowsOptions {
  /** From the first record of a window to that of the next. Default: the size, so that windows follow one another. */
  readonly advance?: number;
}

/** Windows that records fill; made by `countWindows`. */
export interface CountWindows {
  readonly kind: "count";
  readonly size: number;
  readonly advance: number;
}

/** A record is in so many windows at most. */
const overlapMax = 1000;

/**
 * Windows of so many records of a key. No counterpart in Kafka Streams. Records are counted as they come, whatever their
 * times are; with an `advance` below the size windows overlap.
 *
 * @throws TopologyError `INVALID_WINDOWS`, OptionError `UNKNOWN_OPTION`
 * @example readings.groupByKey().windowedBy(countWindows(100)).emitStrategy("onWindowClose").count()
 */
export function countWindows(size: number, options: CountWindowsOptions = {}): CountWindows {
  requireWindowOptions("countWindows", options);
  const { advance = size } = options;
  if (!Number.isSafeInteger(size) || size < 1)
    throw invalid(`size of countWindows is ${shown(size)}; give a number of records, at least 1`);
  if (!Number.isSafeInteger(advance) || advance < 1 || advance > size)
    throw invalid(
      `advance of countWindows is ${shown(advance)}; give a number of records from 1 to the size, ${size}`,
    );
  if (size / advance > overlapMax)
    throw invalid(
      `countWindows has ${size} records in a window and an advance of ${advance}, so that a record is in ` +
        `${Math.ceil(size / advance)} windows; give an advance with at most ${overlapMax}`,
    );
  return Object.freeze({ kind: "count", size, advance });
}

function invalid(message: string): TopologyError {
  return new TopologyError("INVALID_WINDOWS", message);
}
