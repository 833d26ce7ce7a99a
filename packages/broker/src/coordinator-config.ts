import type { BrokerConfig } from "./config/broker-config.ts";
import { defaultGroupConfig, type GroupConfig } from "./coordinator/group/group-config.ts";
import {
  defaultTransactionConfig,
  type TransactionConfig,
} from "./coordinator/transaction/transaction-config.ts";

export function groupConfigOf(config: BrokerConfig): GroupConfig {
  return {
    ...defaultGroupConfig,
    sessionTimeoutMsMin: config.number("group.min.session.timeout.ms"),
    sessionTimeoutMsMax: config.number("group.max.session.timeout.ms"),
    initialRebalanceDelayMs: config.number("group.initial.rebalance.delay.ms"),
    sizeMax: config.number("group.max.size"),
    offsetMetadataLengthMax: config.number("offset.metadata.max.bytes"),
  };
}

export function transactionConfigOf(config: BrokerConfig): TransactionConfig {
  return {
    ...defaultTransactionConfig,
    timeoutMaxMs: config.number("transaction.max.timeout.ms"),
    abortIntervalMs: config.number("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
  };
}
