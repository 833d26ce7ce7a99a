import type { Offset } from "@millrace/model";
import type { SnapshotOfStore, StoreForm } from "@millrace/state";

import { reaches, type ChangelogRange } from "../state/changelog-ranges.ts";

/** What a store of a task must have of a snapshot, and what it has itself. */
export interface StoreNeed {
  readonly store: string;
  /** Of its changelog, topic and partition. */
  readonly changelog: string;
  readonly range: ChangelogRange;
  readonly form: StoreForm;
  /** True: its changelog is its own, and written in transactions. */
  readonly isTransactional: boolean;
  /** Of a source topic that serves as changelog: what was processed ends there; else there is none. */
  readonly limit: Offset | undefined;
  /** Where it would go on without a snapshot; undefined: from the beginning. */
  readonly own: Offset | undefined;
}

/** Why a store cannot go on from what a snapshot has of it; undefined: it can. */
export function misfitOf(
  found: SnapshotOfStore,
  { changelog, range, form, limit, isTransactional }: StoreNeed,
): string | undefined {
  const { offset, topicId } = found;
  const { start, end } = range;
  if (found.changelog !== changelog) return `it is built from ${found.changelog}, not ${changelog}`;
  if (topicId !== "" && range.topicId !== undefined && topicId !== range.topicId)
    return "its changelog was deleted and made anew since"; // one reason for all stores
  if (found.layout !== form.layout || found.spanMs !== form.spanMs)
    return "the program keeps this store otherwise now";
  if (!reaches(range, offset, isTransactional) && offset < start)
    return `it ends at offset ${offset}, and ${changelog} does not go back beyond ${start}`;
  if (offset > end) return `it ends at offset ${offset}, and ${changelog} at ${end}`;
  if (limit !== undefined && offset > limit)
    return `it ends at offset ${offset} of ${changelog}, of which the application has processed what is below ${limit}`;
  return undefined;
}

/** True: to read the rows of the snapshot is less than to read what the changelog has up to it; or that has lost them. */
export function isWorthwhile(found: SnapshotOfStore, { own, range }: StoreNeed): boolean {
  if (own === undefined) return range.start > 0 || found.offset > range.start;
  const rows = found.blocks.reduce((sum, block) => sum + block.rows, 0);
  return found.offset - own > rows;
}
