import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { decodeVersioned } from "@millrace/protocol";
import { decodeRecordKey, offsetCommitRecord, recordTypeOf } from "@millrace/protocol/definitions";
import {
  BatchCursor,
  decodeControlBatch,
  isControl,
  isTransactional,
  readAttributes,
  readProducerEpoch,
  readProducerId,
  readRecordCount,
  RecordBatchReader,
} from "@millrace/protocol/records";

import type { Offsets } from "./messages.ts";

/** What a broker's folder says about transactions while no broker runs on it. */
export interface FolderScan {
  /** Topics to which transactions that have no marker yet have written, per transaction. */
  readonly openTransactions: readonly (readonly string[])[];
  /** Offsets that groups have committed; those of transactions count once these have their marker. */
  readonly committedOffsets: Offsets;
  /** Records that the last transaction which is not aborted has written to changelogs; it may be open. */
  readonly lastChangelogWrites: number;
  /** Records by topic, those included that no transaction has committed. */
  readonly recordCounts: Readonly<Record<string, number>>;
}

interface Transaction {
  readonly producerEpoch: number;
  readonly topics: Set<string>;
  readonly offsets: Map<string, number>;
  changelogWrites: number;
  outcome: "open" | "commit" | "abort";
}

/** Reads the segments themselves: what it says depends on nothing that the broker believes. */
export function scanDataFolder(folder: string): FolderScan {
  const scan = new Scan();
  const partitions = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && /-\d+$/.test(entry.name),
  );
  for (const { name } of partitions) {
    const topic = name.slice(0, name.lastIndexOf("-"));
    for (const file of readdirSync(join(folder, name)).sort()) {
      if (file.endsWith(".log")) scan.addSegment(topic, readFileSync(join(folder, name, file)));
    }
    scan.endPartition();
  }
  return scan.result();
}

class Scan {
  /** By producer and epoch: every transaction has an epoch of its own (KIP-890). */
  readonly #transactions = new Map<string, Transaction>();
  /** Transactions by producer that have written to this partition, and have no marker in it yet. */
  readonly #pending = new Map<number, Transaction>();
  readonly #committed = new Map<string, number>();
  readonly #recordCounts = new Map<string, number>();

  addSegment(topic: string, bytes: Uint8Array): void {
    const cursor = new BatchCursor(bytes);
    while (cursor.next()) this.#addBatch(topic, bytes, cursor.position);
  }

  endPartition(): void {
    this.#pending.clear();
  }

  result(): FolderScan {
    const all = [...this.#transactions.values()];
    const last = all
      .filter(({ outcome, changelogWrites }) => outcome !== "abort" && changelogWrites > 0)
      .reduce<Transaction | undefined>(
        (newest, one) =>
          newest !== undefined && newest.producerEpoch > one.producerEpoch ? newest : one,
        undefined,
      );
    return {
      openTransactions: all
        .filter(({ outcome }) => outcome === "open")
        .map(({ topics }) => [...topics].sort()),
      committedOffsets: Object.fromEntries([...this.#committed].sort()),
      lastChangelogWrites: last?.changelogWrites ?? 0,
      recordCounts: Object.fromEntries(this.#recordCounts),
    };
  }

  #addBatch(topic: string, bytes: Uint8Array, position: number): void {
    const attributes = readAttributes(bytes, position);
    const producerId = readProducerId(bytes, position);
    if (isControl(attributes)) {
      const type = decodeControlBatch(bytes, position)?.type;
      if (type === "commit" || type === "abort") this.#end(producerId, type);
      return;
    }
    const recordCount = readRecordCount(bytes, position);
    this.#recordCounts.set(topic, (this.#recordCounts.get(topic) ?? 0) + recordCount);
    if (!isTransactional(attributes)) {
      if (topic === "__consumer_offsets") readOffsets(bytes, position, this.#committed);
      return;
    }
    const transaction = this.#transaction(producerId, readProducerEpoch(bytes, position));
    this.#pending.set(producerId, transaction);
    transaction.topics.add(topic);
    if (topic === "__consumer_offsets") readOffsets(bytes, position, transaction.offsets);
    if (topic.endsWith("-changelog")) transaction.changelogWrites += recordCount;
  }

  /** A marker ends a transaction in each partition; one that has a marker anywhere is decided. */
  #end(producerId: number, outcome: "commit" | "abort"): void {
    const transaction = this.#pending.get(producerId);
    if (transaction === undefined) return;
    this.#pending.delete(producerId);
    transaction.outcome = outcome;
    if (outcome === "abort") return;
    for (const [name, offset] of transaction.offsets) this.#committed.set(name, offset);
    transaction.offsets.clear();
  }

  #transaction(producerId: number, producerEpoch: number): Transaction {
    const name = `${producerId}:${producerEpoch}`;
    const known = this.#transactions.get(name);
    if (known !== undefined) return known;
    const transaction: Transaction = {
      producerEpoch,
      topics: new Set(),
      offsets: new Map(),
      changelogWrites: 0,
      outcome: "open",
    };
    this.#transactions.set(name, transaction);
    return transaction;
  }
}

function readOffsets(bytes: Uint8Array, position: number, into: Map<string, number>): void {
  const batch = new RecordBatchReader({ bytes, position });
  while (batch.next()) {
    const { key, value } = batch;
    if (key === null || value === null || recordTypeOf(key) !== offsetCommitRecord.type) continue;
    const { topic, partition } = decodeRecordKey(offsetCommitRecord, key);
    const { offset } = decodeVersioned(offsetCommitRecord.value, value);
    into.set(`${topic}-${partition}`, offset);
  }
}
