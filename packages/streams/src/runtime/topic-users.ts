import type { Subtopology } from "../topology/subtopology.ts";

/** By topic who reads and writes it; topics that the application makes for itself are left out. */
export function topicUsers(
  subtopologies: readonly Subtopology[],
  deadLetterTopic: string | undefined,
): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  const add = (topic: string, user: string): void => {
    const known = users.get(topic);
    if (known === undefined) users.set(topic, [user]);
    else known.push(user);
  };
  for (const { nodes } of subtopologies) {
    for (const node of nodes) {
      if (node.kind === "source")
        for (const topic of node.topics) add(topic, `read by ${node.name}`);
      else if (node.kind === "sink" && typeof node.topic === "string")
        add(node.topic, `written by ${node.name}`);
    }
  }
  if (deadLetterTopic !== undefined) add(deadLetterTopic, "the deadLetterTopic");
  for (const { repartitionTopics } of subtopologies)
    for (const { name } of repartitionTopics) users.delete(name);
  return users;
}
