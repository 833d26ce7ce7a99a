/** Kafka's property names, in its defaults. */
export interface TransactionConfig {
  /** `transaction.max.timeout.ms` */
  readonly timeoutMaxMs: number;
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms` */
  readonly abortIntervalMs: number;
  /** `transactional.id.expiration.ms` */
  readonly idExpirationMs: number;
  /** Pause before a marker that could not be written is tried again. */
  readonly markerRetryBackoffMs: number;
  /** `add.partitions.to.txn.retry.backoff.max.ms` */
  readonly addPartitionsRetryMs: number;
  /** Kafka's is fixed. A smaller one makes a test rotate producer ids soon. */
  readonly producerEpochMax: number;
}

export const defaultTransactionConfig: TransactionConfig = {
  timeoutMaxMs: 900_000,
  abortIntervalMs: 10_000,
  idExpirationMs: 604_800_000,
  markerRetryBackoffMs: 100,
  addPartitionsRetryMs: 100,
  producerEpochMax: 32_767,
};
