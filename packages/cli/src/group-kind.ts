import type { KafkaClient } from "@millrace/client";

import { CommandError } from "./command-error.ts";

/** Kafka's own tools for groups whose offsets are kept otherwise. */
const tools: Readonly<Record<string, string>> = {
  share: "kafka-share-groups.sh",
  streams: "kafka-streams-groups.sh",
};

/** @throws CommandError the group is of a kind that has no offsets of consumers; of one that is not there it says nothing */
export async function refuseOtherKinds(
  { admin }: KafkaClient,
  groupId: string,
  signal: AbortSignal,
): Promise<void> {
  const listed = (await admin.listGroups(signal)).find((one) => one.groupId === groupId);
  const tool = tools[listed?.type ?? ""];
  if (tool !== undefined)
    throw new CommandError(
      `${groupId} is a ${listed?.type} group: Apache Kafka's ${tool} looks at it and moves it`,
    );
}
