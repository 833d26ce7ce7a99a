import type { Offset, TopicPartition } from "@millrace/model";
import type { Clock, Logger, Metrics, Timers } from "@millrace/platform";
import type { CacheBudget, StoreEngine } from "@millrace/state";

import type { StreamsError, ErrorPlace } from "../error/streams-error.ts";
import type { GlobalStore } from "../topology/global-topology.ts";
import type { TaskConfig } from "./stream-task-options.ts";

/** What a `GlobalTask` is made of. */
export interface GlobalTaskOptions {
  readonly globalStores: readonly GlobalStore[];
  /** Closed with the task. */
  readonly engine: StoreEngine;
  /** Of no bytes: the stores are not cached. */
  readonly cache: CacheBudget;
  readonly stageBytesMax?: number;
  /** Where the reader of an input stands, all that it gave having been added. */
  readonly position?: (input: TopicPartition) => Offset | undefined;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  /** Told that what was held may go on; whoever calls `process` from time to time need not know. */
  readonly wake?: () => void;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Told of each record that is left out on purpose. */
  readonly onDrop?: (reason: string, place: ErrorPlace) => void;
  /** Told of each error that a policy has passed over. */
  readonly onPassedOver?: (error: StreamsError) => void;
  /** Without `deadLetterTopic`: what feeds a global store writes nothing. */
  readonly config: TaskConfig;
}
