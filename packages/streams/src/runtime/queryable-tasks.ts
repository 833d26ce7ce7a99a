import type { Offset } from "@millrace/model";
import type { TaskStores } from "@millrace/state";

import type { TaskId } from "../processor/task-id.ts";
import { positionBefore } from "../query/position.ts";
import type { QueryableTask } from "../query/local-answers.ts";
import type { GlobalTask } from "../task/global-task.ts";
import type { GlobalStore } from "../topology/global-topology.ts";
import type { ActiveTask } from "./active-task.ts";
import type { FollowedTask } from "./state/followed-task.ts";

/** The stores of a task that runs, as queries find them. */
export function queryableTask({ taskId, task, stores }: ActiveTask): QueryableTask {
  return {
    taskId,
    isActive: true,
    stores,
    lag: 0,
    position: (_store, isolation) => positionBefore(task.inputOffsets(isolation)),
    changelogOffsets: (store) => offsetsOf(stores, taskId, store),
  };
}

/** The stores of a task that follow their changelogs, as a standby or on their way to run, as queries find them. */
export function queryableCopy(
  task: FollowedTask,
  { lag, locate }: Pick<QueryableTask, "lag"> & Required<Pick<QueryableTask, "locate">>,
): QueryableTask | undefined {
  const { taskId, state } = task;
  if (state === undefined) return undefined;
  const { stores } = state;
  return {
    taskId,
    isActive: false,
    isRestoring: task.isRestoring,
    stores,
    lag,
    locate,
    position: () => task.seen,
    changelogOffsets: (store) => offsetsOf(stores, taskId, store),
  };
}

function offsetsOf(
  stores: Pick<TaskStores, "committedOffset">,
  { partition }: TaskId,
  store: string,
): Readonly<Record<number, Offset>> {
  const offset = stores.committedOffset(store);
  return offset === undefined ? {} : { [partition]: offset };
}

/** The global stores of a process, as queries find them. */
export function queryableGlobals(
  task: GlobalTask,
  globalStores: readonly GlobalStore[],
): QueryableTask {
  const topicOf = (store: string): string =>
    globalStores.find(({ specification }) => specification.name === store)?.topic ?? store;
  return {
    taskId: undefined,
    isActive: true,
    stores: task,
    lag: 0,
    position: (store) =>
      positionBefore(
        [...task.offsetsIn(store)].map(([partition, offset]) => ({
          topic: topicOf(store),
          partition,
          offset,
        })),
      ),
    changelogOffsets: (store) => Object.fromEntries(task.offsetsIn(store)),
  };
}
