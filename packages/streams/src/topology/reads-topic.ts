import type { Subtopology } from "./subtopology.ts";
import { matches } from "./topology-builder.ts";

/** True: the topic is an input, by its name or by a pattern. */
export function readsTopic(
  { sourceTopics, sourcePatterns }: Pick<Subtopology, "sourceTopics" | "sourcePatterns">,
  topic: string,
): boolean {
  return sourceTopics.includes(topic) || sourcePatterns.some((pattern) => matches(pattern, topic));
}
