import type { MetricValue } from "@millrace/platform";

import type { AnswerPage, LocalRole, PartitionRequest } from "../query/local-answers.ts";
import type { ReleasedTask } from "../runtime/released-task.ts";
import type { RestoreListener } from "../runtime/state/restore-event.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { TopicIdStore } from "../runtime/topic-id-store.ts";
import type { TaskId } from "../processor/task-id.ts";
import type { LoopHost } from "./loop-host.ts";

/** A loop on a thread of its own: what is known of it was told by messages. */
export interface ThreadHost extends LoopHost {
  /** The tasks whose stores are there without being at work, such as `0_3`, and what they are. */
  readonly copies: ReadonlyMap<string, LocalRole>;
  /** All that it counts. */
  readonly metrics: readonly MetricValue[];
  /** Asks the stores that are there. @throws QueryError */
  ask(request: PartitionRequest): AsyncIterable<AnswerPage>;
}

/** What a loop on a thread of its own needs of the application that it belongs to. */
export interface ThreadOwner {
  /** From 1. */
  readonly number: number;
  readonly processId: string;
  /** Of the application, in the state directory; undefined: there is none. */
  readonly directory: string | undefined;
  readonly isPaused: () => boolean;
  readonly claimTask: (taskId: TaskId) => Promise<() => void>;
  readonly tellState: (state: "rebalancing" | "running") => void;
  /** Others of the application are to hear what the group has been told. */
  readonly tellNews: () => void;
  readonly tellRestore: RestoreListener;
  readonly released: (task: ReleasedTask) => void;
  /** Undefined without a state directory. */
  readonly topicIds: TopicIdStore | undefined;
  /** How far the stores in the directory had come that no loop has open: the first loop tells the group. */
  readonly idleTasks: () => readonly TaskOffsetSum[];
}

/** Opens loops on threads of their own; the package that composes brings it. */
export type OpenThread = (owner: ThreadOwner) => Promise<ThreadHost>;

export function isThreadHost(host: LoopHost): host is ThreadHost {
  return "ask" in host;
}
