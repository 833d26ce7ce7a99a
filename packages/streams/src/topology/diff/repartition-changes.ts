import { startOver } from "../../error/start-over.ts";
import { oldName } from "./old-names.ts";
import type { PlacedTopic } from "./origins.ts";
import type { Paired } from "./pair-up.ts";
import type { TopologyChange } from "./topology-change.ts";
import { bytesOfSerde } from "./bytes-of-serde.ts";

const drain =
  "stop what feeds the application, let the old version read the topic to its end, then start the new one";

/** What becomes of the records that are under way in the application's own topics. */
export function repartitionChanges(
  { pairs, gone, added }: Paired<PlacedTopic>,
  now: readonly PlacedTopic[],
): readonly TopologyChange[] {
  const names = new Set(now.map(({ name }) => name));
  return [
    ...gone.map(({ name }): TopologyChange => ({
      kind: "repartitionRemoved",
      severity: "lost",
      subject: name,
      message: `nothing reads ${name} any more, nor what is under way in it`,
      advice: drain,
    })),
    ...added.map(({ name }): TopologyChange => ({
      kind: "repartitionAdded",
      severity: "survives",
      subject: name,
      message: `${name} is a new topic of the application's own`,
      advice: "",
    })),
    ...pairs.flatMap(([old, topic]) =>
      old.name === topic.name
        ? compared(old, topic)
        : renamed(old, topic, { isTakenOver: names.has(old.name) }),
    ),
  ];
}

function renamed(
  old: PlacedTopic,
  topic: PlacedTopic,
  { isTakenOver }: { readonly isTakenOver: boolean },
): readonly TopologyChange[] {
  const change: TopologyChange = {
    kind: "repartitionRenamed",
    severity: "lost",
    subject: old.name,
    message: `${old.name} is ${topic.name} now: what is under way in the old topic is not read any more`,
    advice: `${oldName(old, topic)}; or ${drain}`,
  };
  if (!isTakenOver) return [change];
  return [
    change,
    {
      kind: "repartitionTakenOver",
      severity: "restart",
      subject: old.name,
      message: `${old.name} is that of another operator now, which would read what the old one has written`,
      advice: `give both operators names of their own, and ${drain}`,
    },
  ];
}

function compared(old: PlacedTopic, topic: PlacedTopic): readonly TopologyChange[] {
  const changes: TopologyChange[] = [];
  const parts = (["key", "value"] as const).filter(
    (part) => bytesOfSerde(old[part]) !== bytesOfSerde(topic[part]),
  );
  if (parts.length > 0)
    changes.push({
      kind: "repartitionSerdeChanged",
      severity: "lost",
      subject: topic.name,
      message: `${topic.name} has other bytes: ${parts.map((part) => `${part}s were ${old[part]} and are ${topic[part]}`).join(", ")}; what is under way in it cannot be read`,
      advice: drain,
    });
  if (old.partitionCount !== topic.partitionCount)
    changes.push({
      kind: "partitionCountChanged",
      severity: "restart",
      subject: topic.name,
      message: `${topic.name} had ${countText(old)} and has ${countText(topic)}: an application does not start on a topic that has another number`,
      advice: `give it the number of partitions that it has; or ${startOver()}`,
    });
  return changes;
}

function countText({ partitionCount }: PlacedTopic): string {
  if (partitionCount === null) return "as many partitions as its input";
  return partitionCount === 1 ? "1 partition" : `${partitionCount} partitions`;
}
