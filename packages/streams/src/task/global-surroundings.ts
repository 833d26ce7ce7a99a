import { invariant } from "@millrace/model";

import { StreamsError } from "../error/streams-error.ts";
import type { RecordCollector } from "./record-collector.ts";
import type { TaskConfig } from "./stream-task-options.ts";

/** Of what feeds a global store: it writes nothing, so that there are no dead letters. */
export function withoutLetters(config: TaskConfig): TaskConfig {
  const { applicationId, onDeserializationError = "fail", onProcessingError = "fail" } = config;
  return { applicationId, onDeserializationError, onProcessingError };
}

export const noTimers = {
  schedule(node: string): Disposable {
    throw new StreamsError(
      "TIMER_UNSUPPORTED",
      "what feeds a global store has no timers: set them in a processor of a stream, which can read the store",
      { node, taskId: "global" },
    );
  },
};

/** Global stores write to no topic. */
export const noCollector: RecordCollector = {
  topic: noTopic,
  partition: noTopic,
  hasRoom: true,
};

function noTopic(topic: string): never {
  invariant(false, "TASK-9", topic);
}
