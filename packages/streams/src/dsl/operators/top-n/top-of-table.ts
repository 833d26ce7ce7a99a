import type { Serde } from "@millrace/serde";

import type { ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";
import type { RowProcessor } from "../../table-expiry.ts";
import { changelogName } from "../../../topology/subtopology.ts";
import { TableUpdates, type TableUpdatesOptions } from "../../table-updates.ts";
import type { ChangedValue } from "../changed-serde.ts";
import { Candidates, type CandidateStore } from "./candidates.ts";
import type { ScoreOf } from "./score.ts";

export interface TopOfTable {
  readonly n: number;
  readonly by: ScoreOf;
  readonly candidates: string;
  readonly serdes: { readonly key: Serde<unknown>; readonly value: Serde<unknown> };
}

/** Takes the old value of a row out of its group's candidates and puts the new one in: what is the greatest then leaves. */
export class TopOfTableProcessor implements RowProcessor {
  readonly #top: TopOfTable;
  readonly #kept: TableUpdatesOptions;
  #context: ProcessorContext | undefined;
  #updates: TableUpdates<unknown, unknown> | undefined;
  #candidates: Candidates | undefined;

  constructor(top: TopOfTable, kept: TableUpdatesOptions) {
    this.#top = top;
    this.#kept = kept;
  }

  init(context: ProcessorContext): void {
    const { candidates, serdes, by } = this.#top;
    this.#context = context;
    this.#updates = new TableUpdates(context, this.#kept);
    const topic = `${context.applicationId}-${changelogName(candidates)}`;
    const store = context.store<CandidateStore>(candidates);
    this.#candidates = new Candidates(store, { serdes, by, topic });
  }

  rowExpired(key: unknown): void {
    this.#candidates?.removeAll(key);
  }

  process(record: StreamRecord): void {
    const updates = this.#updates;
    const candidates = this.#candidates;
    if (updates === undefined || candidates === undefined) return;
    if (record.hasNullKey || record.hasNullValue) {
      this.#context?.dropRecord("null key or value in the greatest of a table");
      return;
    }
    const { key } = record;
    const { newValue, oldValue } = record.value as ChangedValue;
    if (oldValue !== null && !candidates.remove(key, oldValue))
      this.#context?.dropRecord("topN has not got the row that was deleted");
    if (newValue !== null) candidates.add(key, newValue);
    const old = updates.read(record);
    const timestamp =
      old === null ? record.timestamp : Math.max(record.timestamp, updates.timestampOfRead);
    const values = candidates.top(key, this.#top.n);
    const replaced = updates.forwardsOldValues ? updates.readAgain(record, old) : null;
    updates.write(record, values, replaced, timestamp);
  }
}
