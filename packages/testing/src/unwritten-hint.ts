import { nearestName } from "@millrace/model";
import type { Subtopology } from "@millrace/streams";

/** What to say of a topic to which nothing was written; empty where a sink writes to it, or chooses its topics. */
export function unwrittenHint(topic: string, { nodes, changelogTopics }: Subtopology): string {
  const topics = nodes.flatMap((node) => (node.kind === "sink" ? [node.topic] : []));
  const written = topics.filter((one) => typeof one === "string");
  const isWritten = written.includes(topic) || changelogTopics.some(({ name }) => name === topic);
  if (isWritten || written.length < topics.length || written.length === 0) return "";
  const nearest = nearestName(topic, written);
  const advice =
    nearest === undefined ? `sinks write to ${written.join(", ")}` : `did you mean ${nearest}?`;
  return `. No sink of the topology writes to it; ${advice}`;
}
