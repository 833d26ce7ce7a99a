import { StreamsError } from "../error/streams-error.ts";
import { TaskContext } from "./task-context.ts";

/** Of a processor that does what only its task's turn allows, and its task has none. */
export function outOfTurn(what: string, task: TaskContext, node: string): StreamsError {
  const other = TaskContext.atWork;
  const why =
    other === undefined
      ? "outside of its process, init and timers, such as after an await or in setTimeout, where it is part of no transaction; set a timer with schedule, or use an operator that awaits, such as mapValuesAsync"
      : `in the turn of another task, ${nameOf(other, task)}: each task has stores of its own, and a context; use those that its init and process are given, and keep none in a variable that tasks share`;
  return new StreamsError("OUT_OF_TURN", `a processor ${what} ${why}`, task.placeOf(node));
}

function nameOf({ taskName, applicationId }: TaskContext, task: TaskContext): string {
  return applicationId === task.applicationId
    ? taskName
    : `${taskName} of application ${applicationId}`;
}
