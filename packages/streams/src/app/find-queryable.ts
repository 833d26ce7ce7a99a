import type { TaskId } from "../processor/task-id.ts";
import type { QueryableTask } from "../query/local-answers.ts";
import type { GlobalLoop } from "../runtime/global-loop.ts";
import { queryableGlobals } from "../runtime/queryable-tasks.ts";
import type { GlobalStore } from "../topology/global-topology.ts";
import type { InlineLoop } from "./inline-loop.ts";

/** What has stores on a thread. */
interface QueryableLoops {
  readonly loops: readonly InlineLoop[];
  readonly global: GlobalLoop | undefined;
  readonly globalStores: readonly GlobalStore[];
}

/**
 * Whoever has a task on a thread: what runs it before a copy.
 *
 * @param taskId undefined: the global stores
 */
export function findQueryable(
  taskId: TaskId | undefined,
  { loops, global, globalStores }: QueryableLoops,
): QueryableTask | undefined {
  if (taskId === undefined) {
    const globals = global?.readable;
    return globals && queryableGlobals(globals, globalStores);
  }
  let found: QueryableTask | undefined;
  for (const loop of loops) {
    const task = loop.queryable(taskId);
    if (task?.isActive === true) return task;
    found ??= task;
  }
  return found;
}
