import type { Platform } from "@millrace/platform";
import { CoordinatorLogError } from "../src/coordinator/coordinator-log-error.ts";
import type {
  CoordinatorLog,
  CoordinatorLogs,
  CoordinatorLogVisitor,
  CoordinatorTopic,
  LogRecord,
  ProducerIdentity,
  TransactionMarker,
} from "../src/coordinator/coordinator-log.ts";

type Entry =
  | { readonly kind: "gone" }
  | { readonly kind: "record"; readonly record: LogRecord; readonly producer?: ProducerIdentity }
  | { readonly kind: "marker"; readonly marker: TransactionMarker };

export interface MemoryCoordinatorLogsOptions {
  readonly platform: Platform;
  readonly partitionCount?: number;
  /** How long after an append it is durable; 0: at once. */
  readonly syncMs?: number;
}

/** Logs in memory whose appends become durable late, and which can lose what is not. */
export class MemoryCoordinatorLogs implements CoordinatorLogs {
  /** What every append is refused with. */
  refusal: CoordinatorLogError | undefined;
  readonly #options: MemoryCoordinatorLogsOptions;
  readonly #logs = new Map<string, MemoryCoordinatorLog>();

  constructor(options: MemoryCoordinatorLogsOptions) {
    this.#options = options;
  }

  partitionCount(): number {
    return this.#options.partitionCount ?? 1;
  }

  existing(topic: CoordinatorTopic): readonly number[] {
    const partitions = Array.from({ length: this.partitionCount() }, (_, partition) => partition);
    return partitions.filter((partition) => this.open(topic, partition).endOffset > 0);
  }

  open(topic: CoordinatorTopic, partition: number): MemoryCoordinatorLog {
    const key = `${topic}-${partition}`;
    let log = this.#logs.get(key);
    if (log === undefined)
      this.#logs.set(key, (log = new MemoryCoordinatorLog(this, this.#options)));
    return log;
  }

  /** The logs as a restart finds them: of what was not durable a prefix, or nothing. */
  afterCrash(keptUndurable: number = 0): MemoryCoordinatorLogs {
    const logs = new MemoryCoordinatorLogs(this.#options);
    for (const [key, log] of this.#logs)
      logs.#logs.set(key, log.afterCrash(logs, this.#options, keptUndurable));
    for (const log of this.#logs.values()) log.die();
    return logs;
  }
}

export class MemoryCoordinatorLog implements CoordinatorLog {
  leaderEpoch = 0;
  readonly #logs: MemoryCoordinatorLogs;
  readonly #options: MemoryCoordinatorLogsOptions;
  readonly #entries: Entry[] = [];
  /** Where each append begins. */
  readonly #appends: number[] = [];
  #startOffset = 0;
  readonly #epochs = new Map<number, { epoch: number; isOpen: boolean }>();
  #durableOffset = 0;
  #isDead = false;
  #waits: { readonly endOffset: number; readonly callback: (failure?: Error) => void }[] = [];

  constructor(logs: MemoryCoordinatorLogs, options: MemoryCoordinatorLogsOptions) {
    this.#logs = logs;
    this.#options = options;
  }

  get endOffset(): number {
    return this.#entries.length;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  append(records: readonly LogRecord[], producer?: ProducerIdentity): number {
    if (this.#logs.refusal !== undefined) throw this.#logs.refusal;
    if (producer !== undefined) this.#checkEpoch(producer, true);
    this.#appends.push(this.endOffset);
    for (const record of records) this.#entries.push({ kind: "record", record, producer });
    return this.#appended();
  }

  appendMarker(marker: TransactionMarker): number {
    if (this.#logs.refusal !== undefined) throw this.#logs.refusal;
    const known = this.#epochs.get(marker.producerId);
    const isWritten = known?.epoch === marker.producerEpoch && !known.isOpen;
    if (isWritten && marker.transactionVersion === 2) return this.endOffset;
    this.#checkEpoch(marker, false);
    this.#entries.push({ kind: "marker", marker });
    return this.#appended();
  }

  whenDurable(endOffset: number, callback: (failure: Error | undefined) => void): void {
    if (endOffset <= this.#durableOffset && this.#waits.length === 0) callback(undefined);
    else this.#waits.push({ endOffset, callback });
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  async forgetBefore(offset: number): Promise<void> {
    this.#startOffset = Math.max(this.#startOffset, Math.min(offset, this.#durableOffset));
  }

  replay(visitor: CoordinatorLogVisitor): void {
    for (const [offset, entry] of this.#entries.entries()) {
      if (offset < this.#startOffset) continue;
      if (entry.kind === "record") visitor.record(offset, entry.record, entry.producer);
      else if (entry.kind === "marker") visitor.marker(offset, entry.marker);
    }
  }

  /**
   * Takes away what a cleaning would, or one that was cut short: of whole appends below an offset, records that were
   * aborted, or are older than another one of their key, and tombstones.
   */
  compact(cleanedShare: number, seenShare: number): void {
    const stable = this.#lastStableOffset();
    const cleaned = this.#beginOfAppend(stable * cleanedShare);
    const seen = Math.max(cleaned, Math.floor(stable * seenShare));
    const latest = new Map<string, number>();
    const aborted = this.#abortedOffsets();
    for (const [offset, entry] of this.#entries.slice(0, seen).entries())
      if (entry.kind === "record" && !aborted.has(offset)) latest.set(keyOf(entry.record), offset);
    for (const [offset, entry] of this.#entries.slice(0, cleaned).entries()) {
      if (entry.kind !== "record") continue;
      const isOld = (latest.get(keyOf(entry.record)) ?? -1) > offset;
      if (aborted.has(offset) || isOld || entry.record.value === null)
        this.#entries[offset] = { kind: "gone" };
    }
  }

  #beginOfAppend(offset: number): number {
    return this.#appends.findLast((begin) => begin <= offset) ?? 0;
  }

  #abortedOffsets(): ReadonlySet<number> {
    const open = new Map<number, number[]>();
    const aborted = new Set<number>();
    for (const [offset, entry] of this.#entries.entries())
      if (entry.kind === "marker") {
        const { producerId, result } = entry.marker;
        if (result === "abort") for (const own of open.get(producerId) ?? []) aborted.add(own);
        open.delete(producerId);
      } else if (entry.kind === "record" && entry.producer !== undefined) {
        const { producerId } = entry.producer;
        open.set(producerId, [...(open.get(producerId) ?? []), offset]);
      }
    return aborted;
  }

  #lastStableOffset(): number {
    const open = new Map<number, number>();
    for (const [offset, entry] of this.#entries.entries())
      if (entry.kind === "marker") open.delete(entry.marker.producerId);
      else if (entry.kind === "record" && entry.producer !== undefined)
        open.set(entry.producer.producerId, open.get(entry.producer.producerId) ?? offset);
    return Math.min(this.endOffset, ...open.values());
  }

  markers(): readonly TransactionMarker[] {
    return this.#entries.flatMap((entry) => (entry.kind === "marker" ? [entry.marker] : []));
  }

  afterCrash(
    logs: MemoryCoordinatorLogs,
    options: MemoryCoordinatorLogsOptions,
    keptUndurable: number,
  ): MemoryCoordinatorLog {
    const log = new MemoryCoordinatorLog(logs, options);
    log.leaderEpoch = this.leaderEpoch + 1;
    const end = Math.min(this.#durableOffset + keptUndurable, this.#entries.length);
    for (const entry of this.#entries.slice(0, end)) {
      log.#entries.push(entry);
      if (entry.kind === "marker") log.#checkEpoch(entry.marker, false);
      else if (entry.kind === "record" && entry.producer !== undefined)
        log.#checkEpoch(entry.producer, true);
    }
    log.#appends.push(...this.#appends.filter((begin) => begin < end));
    log.#durableOffset = end;
    log.#startOffset = this.#startOffset;
    return log;
  }

  /** The process is gone: nobody is called back any more. */
  die(): void {
    this.#isDead = true;
    this.#waits = [];
  }

  #appended(): number {
    const endOffset = this.#entries.length;
    const { syncMs = 0, platform } = this.#options;
    if (syncMs === 0) this.#durableTo(endOffset);
    else platform.timers.after(syncMs, () => this.#durableTo(endOffset));
    return endOffset;
  }

  #durableTo(endOffset: number): void {
    if (this.#isDead) return;
    this.#durableOffset = Math.max(this.#durableOffset, endOffset);
    while (this.#waits.length > 0 && this.#waits[0].endOffset <= this.#durableOffset)
      this.#waits.shift()?.callback(undefined);
  }

  #checkEpoch({ producerId, producerEpoch }: ProducerIdentity, isOpen: boolean): void {
    const known = this.#epochs.get(producerId);
    if (known !== undefined && producerEpoch < known.epoch)
      throw new CoordinatorLogError("PRODUCER_FENCED", `epoch ${producerEpoch} is old`);
    this.#epochs.set(producerId, { epoch: producerEpoch, isOpen });
  }
}

function keyOf({ key }: LogRecord): string {
  return key.join();
}
