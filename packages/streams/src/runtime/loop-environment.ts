import type { BatchReader, ClusterClient } from "@millrace/cluster";
import type { Counter, LoopTracing, Platform, RecordingLevel } from "@millrace/platform";
import type { CacheBudget, StoreEngineProvider } from "@millrace/state";

import type { TaskId } from "../processor/task-id.ts";
import type { GlobalStores } from "../task/global-stores.ts";
import type { TaskConfig } from "../task/stream-task-options.ts";
import type { OffsetReset } from "../topology/offset-reset.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { PatternTopics } from "./pattern-topics.ts";
import type { RecordTaps } from "./record-taps.ts";
import type { StateSource } from "./snapshots/state-source.ts";
import type { RestoreListener } from "./state/restore-event.ts";
import type { TaskAssignments } from "./task-assignments.ts";
import type { ReleasedTask } from "./released-task.ts";
import type { TopicIdStore } from "./topic-id-store.ts";

/** What a stream loop and its parts share. The app makes it and owns what must be closed. */
export interface LoopEnvironment {
  readonly platform: Platform;
  readonly cluster: ClusterClient;
  /** Told whether the loop has its tasks. */
  readonly tellState: (state: "rebalancing" | "running") => void;
  /** Told of what is read from changelogs. */
  readonly tellRestore: RestoreListener;
  /** See `ReleasedTask`. */
  readonly released: (task: ReleasedTask) => void;
  readonly taps: RecordTaps;
  /** Aborts once the cluster is gone for good; undefined where nobody can tell. */
  readonly gone: AbortSignal | undefined;
  readonly engines: StoreEngineProvider;
  /** Undefined: state comes from changelogs alone. */
  readonly stateFrom: StateSource | undefined;
  readonly subtopologies: readonly Subtopology[];
  /** The topics that their patterns match. */
  readonly patterns: PatternTopics;
  readonly assignments: TaskAssignments;
  /** Inputs. */
  readonly reader: BatchReader;
  /** Changelogs. */
  readonly restoreReader: BatchReader;
  readonly cache: CacheBudget;
  /** Undefined: the topology has none. */
  readonly globalStores: GlobalStores | undefined;
  readonly config: LoopConfig;
  /** True: what is the same for all loops of the process is told by this one. */
  readonly speaksForAll: boolean;
  readonly restored: Counter;
  /** Offsets of changelogs that are still to be replayed. */
  readonly remaining: Counter;
  /** Undefined without a state directory. */
  readonly topicIds: TopicIdStore | undefined;
  /** The folder of a task's engine. */
  readonly taskDirectory: (taskId: TaskId) => string;
  /** Waits until no other loop of the process has the task open; what it gives lets others have it. */
  readonly claimTask: (taskId: TaskId) => Promise<() => void>;
  /** Undefined: nobody traces. */
  readonly tracing: LoopTracing | undefined;
  /** True: nothing is processed. */
  readonly isPaused: () => boolean;
}

export interface LoopConfig {
  readonly errors: ErrorPolicies;
  readonly applicationId: string;
  /** Of the topology: see `Topology.fingerprint`. */
  readonly fingerprint: string;
  readonly isExactlyOnce: boolean;
  readonly transactionalId: string;
  /** As Kafka names it, in metrics. */
  readonly threadId: string;
  readonly transactionTimeoutMs: number;
  readonly commitIntervalMs: number;
  readonly uncommittedBytesMax: number;
  readonly bufferedRecordsMax: number;
  readonly sliceMs: number;
  readonly autoOffsetReset: OffsetReset;
  readonly recordingLevel: RecordingLevel;
  readonly requestBytesMax: number;
  readonly compression: "none" | "gzip" | "zstd";
  readonly closeTimeoutMs: number;
  /** Without success for this long, what fails ends the application. */
  readonly taskTimeoutMs: number;
  /** See `TaskConfig`; -1: never wait for an input. */
  readonly maxTaskIdleMs: number;
  /** How long a record waits for what its serde must first fetch. */
  readonly serdeTimeoutMs: number;
  /** Age at which the inputs' partition counts are looked at anew. */
  readonly metadataAgeMsMax: number;
}

/** What happens to records that cannot be read, processed or written. */
export type ErrorPolicies = Pick<
  TaskConfig,
  "onDeserializationError" | "onProcessingError" | "onProductionError" | "deadLetterTopic"
>;
