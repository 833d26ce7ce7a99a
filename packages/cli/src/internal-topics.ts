import type { KafkaClient } from "@millrace/client";

/** What a streams application makes for itself, by the end of its name. */
const internalName =
  /-(?:changelog|repartition|subscription-registration-topic|subscription-response-topic)$|.-KTABLE-FK-JOIN-SUBSCRIPTION-(?:REGISTRATION|RESPONSE)-\d+-topic$/;

export interface InternalTopics {
  readonly own: readonly string[];
  /** Named as if they were its own, but of an application whose id begins with this one's. */
  readonly others: readonly { readonly topic: string; readonly applicationId: string }[];
}

/** The internal topics of an application, in order: those are known by their names alone. */
export async function internalTopicsOf(
  { admin }: KafkaClient,
  applicationId: string,
  signal: AbortSignal,
): Promise<InternalTopics> {
  const prefix = `${applicationId}-`;
  const longer = (await admin.listGroups(signal))
    .map(({ groupId }) => groupId)
    .filter((groupId) => groupId.startsWith(prefix));
  const own: string[] = [];
  const others: { topic: string; applicationId: string }[] = [];
  for (const { name: topic } of await admin.listTopics(signal)) {
    if (!topic.startsWith(prefix) || !internalName.test(topic)) continue;
    const other = longer.find((groupId) => topic.startsWith(`${groupId}-`));
    if (other === undefined) own.push(topic);
    else others.push({ topic, applicationId: other });
  }
  return { own: own.sort(), others };
}
