/**
 * One partition of a coordinator's topic (`__consumer_offsets`, `__transaction_state`, `__share_group_state`), as a
 * coordinator sees it. Appends are synchronous and land at once behind what is there; being durable
 * comes later.
 */
export interface CoordinatorLog {
  /** Offset that the next record gets. */
  readonly endOffset: number;
  /** Leader epoch of the partition: the coordinator's epoch in the markers that it asks for. */
  readonly leaderEpoch: number;
  /**
   * Appends all records as one batch (created at the wall clock's present), or none.
   * `producer` makes it a transactional batch without sequence numbers (base sequence -1).
   *
   * @returns the end offset after it
   * @throws CoordinatorLogError
   */
  append(records: readonly LogRecord[], producer?: ProducerIdentity): number;
  /**
   * Appends an end-of-transaction marker. One that is there already (same producer, epoch and
   * coordinator epoch, no transaction open) is written once only: C15.
   *
   * @returns the end offset after it
   * @throws CoordinatorLogError
   */
  appendMarker(marker: TransactionMarker): number;
  /**
   * Calls back once every byte below `endOffset` is durable: at once if it is already, else in the
   * order of the calls. The log's failure (a sync that failed, the log closed) is handed over
   * instead.
   */
  whenDurable(endOffset: number, callback: (failure: Error | undefined) => void): void;
  /** Records below the offset are of no use any more and may go, if they are durable; resolves when they are gone. */
  forgetBefore(offset: number): Promise<void>;
  /** Hands over all that the log holds, from its start, in order; aborted data and markers too. */
  replay(visitor: CoordinatorLogVisitor): void;
}

export interface LogRecord {
  readonly key: Uint8Array;
  /** Null deletes the key. */
  readonly value: Uint8Array | null;
}

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** What ends a transaction in a partition (Kafka: `EndTransactionMarker` and its batch). */
export interface TransactionMarker extends ProducerIdentity {
  readonly coordinatorEpoch: number;
  readonly result: TransactionResult;
  /**
   * 2: each transaction has an epoch of its own, so the marker's must exceed that of the data
   * before it.
   */
  readonly transactionVersion: 0 | 1 | 2;
}

export type TransactionResult = "commit" | "abort";

export interface CoordinatorLogVisitor {
  /** `producer` is given for records of a transactional batch. Views hold during the call only. */
  record(offset: number, record: LogRecord, producer: ProducerIdentity | undefined): void;
  marker(offset: number, marker: TransactionMarker): void;
}

/** The logs of the coordinators' topics; each partition is made when it is first written. */
export interface CoordinatorLogs {
  /** Partitions that the topic has or will have (50 unless configured). */
  partitionCount(topic: CoordinatorTopic): number;
  /** Partitions that hold something, ascending. */
  existing(topic: CoordinatorTopic): readonly number[];
  /** The same log for the same arguments. A partition that does not exist yet reads as empty. */
  open(topic: CoordinatorTopic, partition: number): CoordinatorLog;
}

export type CoordinatorTopic = "__consumer_offsets" | "__transaction_state" | "__share_group_state";
