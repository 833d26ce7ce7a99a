import {
  OptionError,
  optionTable,
  readOptions,
  shown,
  valueOption,
  type GivenOptions,
  type Offset,
} from "@millrace/model";

import { QueryError } from "../error/query-error.ts";

/** By partition, the offset of the last change that was seen; -1: none. */
export type ChangePlaces = Readonly<Record<number, Offset>>;

/** `now`: with what comes. */
export type ChangesFrom = "snapshot" | "now" | { readonly after: ChangePlaces };

const rows = {
  /**
   * `snapshot`: with what is there. `now`: with what comes. Offsets: behind the changes that were seen last, such as by a
   * reader that was started again; of each partition that is asked, -1 for all that its changelog has. Default `snapshot`.
   */
  from: valueOption<ChangesFrom>(
    {
      allowed:
        '"snapshot", "now", or by partition the offset of the last change that was seen, such as { after: { 0: 41 } }',
      accepts: (given) =>
        given === "snapshot" ||
        given === "now" ||
        (typeof given === "object" && given !== null && "after" in given),
    },
    { defaultText: "snapshot" },
  ),
};

const changesOptionTable = optionTable("changes", rows);

/** Where changes begin. */
export interface ChangesOptions extends GivenOptions<typeof rows> {}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function changesFrom(options: ChangesOptions): ChangesFrom {
  const { from = "snapshot" } = readOptions(changesOptionTable, options);
  if (typeof from === "string") return from;
  const after: unknown = from.after;
  if (typeof after !== "object" || after === null)
    throw refused(`after is ${shown(after)}; give offsets by partition, such as { 0: 41 }`);
  for (const [partition, offset] of Object.entries(after) as [string, unknown][])
    if (offset !== undefined && !(Number.isSafeInteger(offset) && Number(offset) >= -1))
      throw refused(
        `after has ${shown(offset)} for partition ${partition}; give the offset of the last change that was seen, or -1 for all that the changelog has`,
      );
  return from;
}

interface PlacedStore {
  readonly store: string;
  /** Each is to have its place. */
  readonly asked: readonly number[];
  readonly partitionCount: number;
}

/**
 * Of a partition that is left out, to begin anew would tell old changes again, and to begin now would miss some.
 *
 * @throws OptionError `INVALID_OPTION`: a partition is named that is not there
 * @throws QueryError `CHANGES_NOT_PLACED`
 */
export function requirePlaces(
  after: ChangePlaces,
  { store, asked, partitionCount }: PlacedStore,
): void {
  const absent = Object.keys(after).filter((name) => !isPartitionOf(name, partitionCount));
  if (absent.length > 0)
    throw refused(
      `after names partition ${absent.join(", ")}, and ${store} has partitions 0 to ${partitionCount - 1}`,
    );
  const unplaced = asked.filter((one) => after[one] === undefined);
  if (unplaced.length > 0)
    throw new QueryError(
      "CHANGES_NOT_PLACED",
      `changes of ${store} are to go on behind others, and after has no offset for partition ${unplaced.join(", ")}; give one for each, -1 for all that the changelog has, or ask fewer: app.store(${store}, { partitions })`,
    );
}

/** @param name as objects have it */
export function isPartitionOf(name: string, partitionCount: number): boolean {
  return String(Number(name)) === name && Number(name) >= 0 && Number(name) < partitionCount;
}

function refused(message: string): OptionError {
  return new OptionError("INVALID_OPTION", `changes: ${message}`);
}
