import type { ErrorPlace } from "../error/streams-error.ts";
import type { ProcessorContext } from "./processor.ts";
import { taskIdText } from "./task-id.ts";

/** A node at work, and its record, as errors tell them. */
export function errorPlace({
  nodeName: node,
  nodePlace: place,
  taskId,
  recordMetadata,
}: ProcessorContext): ErrorPlace {
  return {
    node,
    ...(place === undefined ? {} : { place }),
    taskId: taskIdText(taskId),
    ...recordMetadata,
  };
}
