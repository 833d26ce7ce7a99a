/** What a file of a log is found to hold, in its order. */
export type DumpEntry = BatchEntry | RecordEntry | IndexEntry | DamageEntry;

export interface BatchEntry {
  readonly kind: "batch";
  readonly position: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly recordCount: number;
  readonly leaderEpoch: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly maxTimestamp: number;
  readonly timestampType: "create" | "append";
  readonly compression: string;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** When tombstones and markers of the batch may go; undefined: not set yet. */
  readonly deleteHorizonMs: number | undefined;
  readonly crc: number;
}

export interface RecordEntry {
  readonly kind: "record";
  readonly offset: number;
  readonly timestamp: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: readonly (readonly [string, unknown])[];
  /** Of a control record. */
  readonly control?: string;
}

/** An entry of an index, or a producer of a snapshot. */
export interface IndexEntry {
  readonly kind: "entry";
  readonly position: number;
  readonly fields: Readonly<Record<string, number>>;
}

export interface DamageEntry {
  readonly kind: "damage";
  readonly position: number;
  /** Of the batch that is damaged, or the one that was expected; -1: not known. */
  readonly offset: number;
  readonly reason: string;
}

/** How keys and values of a file become what is printed. */
export type ShowRecord = (
  key: Uint8Array | null,
  value: Uint8Array | null,
) => { readonly key: unknown; readonly value: unknown };
