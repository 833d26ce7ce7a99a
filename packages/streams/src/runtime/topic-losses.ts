import { ApplicationError } from "../error/application-error.ts";
import { startOver } from "../error/start-over.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

export type Loss = "deleted" | "made anew" | "deleted, or made anew,";

/** Internal topics that held what nobody has any more. */
export function internalTopicLost(
  topics: readonly string[],
  loss: Loss,
  { config: { applicationId }, topicIds }: LoopEnvironment,
  cause?: unknown,
): ApplicationError {
  const file = topicIds === undefined ? "" : `remove ${topicIds.path} and `;
  return new ApplicationError(
    "INTERNAL_TOPIC_LOST",
    `the internal topic ${topics.join(", ")} was ${loss} since the application used it: what it held is gone, and the committed offsets say that it was processed; ${startOver(applicationId)}. To go on with what is left, ${file}commit the same offsets again ("millrace groups reset-offsets ${applicationId} --all-topics --shift-by 0 --execute"): stores begin anew where their changelogs do.`,
    { cause },
  );
}

export function sourceTopicRecreated(
  topic: string,
  { config: { applicationId } }: LoopEnvironment,
  cause?: unknown,
): ApplicationError {
  return new ApplicationError(
    "SOURCE_TOPIC_RECREATED",
    `the input topic ${topic} was deleted and made anew since the application read it: committed offsets and state are those of the old one; ${startOver(applicationId)}.`,
    { cause },
  );
}
