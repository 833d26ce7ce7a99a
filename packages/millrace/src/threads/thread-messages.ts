import type { LogFields, LogLevel, MetricValue } from "@millrace/platform";
import type {
  ThreadHost,
  AnswerPage,
  GroupHosts,
  GroupLeaving,
  PartitionRequest,
  ReleasedTask,
  RestoreEvent,
  RestoreProgress,
  StreamsOptions as CoreOptions,
  TaskId,
  TaskOffsetSum,
} from "@millrace/streams";
import type { ConnectOptions } from "@millrace/client";
import type { WrittenSnapshot } from "@millrace/state";

import type { ApplicationEngine } from "../engine/application-engine.ts";
import type { ToldFailure } from "./told-failure.ts";

/** What a thread is begun with. */
export interface ThreadOrders {
  /** Of the user's module. */
  readonly module: string;
  readonly data: unknown;
  readonly options: CoreOptions;
  /** Undefined: the module's `options` say it. */
  readonly cluster: ConnectOptions | undefined;
  readonly storeEngine: ApplicationEngine;
  readonly rocksdbMemoryMax: number;
  readonly logLevel: LogLevel | "silent" | undefined;
  /** True: the application has a logger, which is told what the thread logs. */
  readonly tellsLog: boolean;
  readonly number: number;
  readonly processId: string;
  readonly directory: string | undefined;
  readonly idleTasks: readonly TaskOffsetSum[];
  /** Undefined without a state directory. */
  readonly topicIds:
    | { readonly path: string; readonly ids: ReadonlyMap<string, string> }
    | undefined;
  readonly isPaused: boolean;
}

/** What the application says to a thread. */
export type ToThread =
  | { readonly kind: "stop" }
  | { readonly kind: "close"; readonly group: GroupLeaving; readonly timeoutMs: number }
  | { readonly kind: "paused"; readonly isPaused: boolean }
  | { readonly kind: "hearGroup" }
  /** The cluster is gone for good. */
  | { readonly kind: "gone"; readonly failure: ToldFailure }
  | { readonly kind: "claimed"; readonly claim: number }
  | { readonly kind: "ask"; readonly id: number; readonly request: PartitionRequest }
  /** A page of the answer was taken. */
  | { readonly kind: "taken"; readonly id: number }
  | { readonly kind: "cancel"; readonly id: number }
  | {
      readonly kind: "snapshot";
      readonly id: number;
      readonly to: string;
      readonly keep: number | undefined;
    }
  | { readonly kind: "cancelSnapshot"; readonly id: number }
  | { readonly kind: "endApplication" };

/** What is known of a thread, as of its last message. */
export interface ThreadStatus {
  readonly memberId: string;
  readonly confirmedMs: number | undefined;
  readonly tasks: readonly string[];
  readonly copies: ThreadHost["copies"];
  readonly restoring: readonly RestoreProgress[];
  readonly offsetSums: readonly TaskOffsetSum[];
  readonly groupHosts: GroupHosts | undefined;
  readonly metrics: readonly MetricValue[];
}

/** What a thread says to the application. */
export type FromThread =
  | { readonly kind: "opened"; readonly threadId: string }
  | { readonly kind: "status"; readonly status: ThreadStatus }
  | { readonly kind: "running" }
  | { readonly kind: "state"; readonly state: "rebalancing" | "running" }
  /** Other threads are to hear what the group was told. */
  | { readonly kind: "groupNews" }
  | { readonly kind: "restore"; readonly event: RestoreEvent }
  | {
      readonly kind: "log";
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: LogFields;
      /** Those of the fields that are errors. */
      readonly failures: Readonly<Record<string, ToldFailure>>;
    }
  | { readonly kind: "claim"; readonly claim: number; readonly taskId: TaskId }
  | { readonly kind: "release"; readonly claim: number }
  | { readonly kind: "released"; readonly released: ReleasedTask }
  | { readonly kind: "topicIds"; readonly ids: ReadonlyMap<string, string> }
  /** Undefined: it was stopped. */
  | { readonly kind: "ended"; readonly failure: ToldFailure | undefined }
  | { readonly kind: "toldGroup"; readonly failure: ToldFailure | undefined }
  | {
      readonly kind: "snapshotted";
      readonly id: number;
      readonly snapshots: readonly WrittenSnapshot[];
      readonly failure: ToldFailure | undefined;
    }
  | { readonly kind: "page"; readonly id: number; readonly page: AnswerPage }
  | { readonly kind: "answered"; readonly id: number; readonly failure: ToldFailure | undefined };
