import type { TaskId } from "../processor/task-id.ts";
import type { TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { GlobalLoop } from "../runtime/global-loop.ts";
import type { LoopEnvironment } from "../runtime/loop-environment.ts";
import type { RecordTaps } from "../runtime/record-taps.ts";
import type { RestoreListener } from "../runtime/state/restore-event.ts";
import type { TopicIdStore } from "../runtime/topic-id-store.ts";
import type { Topology } from "../topology/topology.ts";
import type { LoopStates } from "./loop-states.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import type { SharedParts } from "./shared-parts.ts";
import type { StreamsEnvironment } from "./streams-environment.ts";
import type { TaskClaims } from "./task-claims.ts";

/** The state directory, as a loop knows it. */
export interface LoopFolders {
  readonly taskDirectory: (taskId: TaskId) => string;
  /** Of tasks that lie there, and that no loop has open; none but for the loop that tells the group of them. */
  readonly idleTasks: (number: number) => readonly TaskOffsetSum[];
  readonly topicIds: TopicIdStore;
}

/** What the loops of a process share. */
export interface ProcessParts {
  readonly topology: Topology;
  readonly options: ResolvedStreamsOptions;
  readonly processId: string;
  readonly environment: StreamsEnvironment;
  readonly directory: LoopFolders | undefined;
  readonly claims: Pick<TaskClaims, "claim">;
  readonly taps: RecordTaps;
  readonly states: Pick<LoopStates, "tell">;
  readonly shared: SharedParts;
  readonly global: GlobalLoop | undefined;
  readonly isPaused: () => boolean;
  /** Others are to hear what the loop of that number has told the group. */
  readonly tellNews: (number: number) => void;
  readonly tellRestore: RestoreListener;
  readonly released: LoopEnvironment["released"];
}
