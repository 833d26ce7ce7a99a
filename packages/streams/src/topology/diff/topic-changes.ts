import type {
  SinkDescription,
  SourceDescription,
  TopologyDescription,
} from "../description/topology-description.ts";
import type { ChangeSeverity, TopologyChange } from "./topology-change.ts";
import { bytesOfSerde } from "./bytes-of-serde.ts";

/** What the program reads and writes: topics of others, which no change of a program takes away. */
export function topicChanges(
  old: TopologyDescription,
  now: TopologyDescription,
): readonly TopologyChange[] {
  return [
    ...compared(readTopics(old), readTopics(now), {
      added: (topic) => ({
        kind: "sourceTopicAdded",
        message: `${topic} is read, too`,
        advice: "where reading begins is what offsetReset says",
      }),
      gone: (topic) => ({
        kind: "sourceTopicRemoved",
        message: `${topic} is not read any more; what was read of it stays in the stores`,
        advice: "",
      }),
      changed: { kind: "sourceChanged", does: "read" },
    }),
    ...compared(writtenTopics(old), writtenTopics(now), {
      added: (topic) => ({
        kind: "sinkTopicAdded",
        message: `${topic} is written, too`,
        advice: "make the topic first",
      }),
      gone: (topic) => ({
        kind: "sinkTopicRemoved",
        message: `${topic} is not written any more`,
        advice: "",
      }),
      changed: { kind: "sinkChanged", does: "written" },
    }),
  ];
}

interface TopicUse {
  readonly key: string;
  readonly value: string;
  readonly offsetReset?: string | null;
}

type Said = Pick<TopologyChange, "kind" | "message" | "advice">;

function compared(
  old: ReadonlyMap<string, TopicUse>,
  now: ReadonlyMap<string, TopicUse>,
  say: {
    readonly added: (topic: string) => Said;
    readonly gone: (topic: string) => Said;
    readonly changed: { readonly kind: TopologyChange["kind"]; readonly does: string };
  },
): readonly TopologyChange[] {
  const severity: ChangeSeverity = "survives";
  const changes: TopologyChange[] = [];
  for (const [topic, use] of now) {
    const before = old.get(topic);
    if (before === undefined) changes.push({ ...say.added(topic), severity, subject: topic });
    else {
      const message = differences(before, use);
      const { kind, does } = say.changed;
      if (message !== "")
        changes.push({
          kind,
          severity,
          subject: topic,
          message: `${topic} is ${does} otherwise: ${message}`,
          advice: message.includes("and are")
            ? `see that records which are there already can be ${does === "read" ? "read so" : "told apart by who reads them"}`
            : "",
        });
    }
  }
  for (const topic of old.keys())
    if (!now.has(topic)) changes.push({ ...say.gone(topic), severity, subject: topic });
  return changes;
}

function differences(old: TopicUse, now: TopicUse): string {
  const parts = (["key", "value"] as const)
    .filter((part) => bytesOfSerde(old[part]) !== bytesOfSerde(now[part]))
    .map((part) => `${part}s were ${old[part]} and are ${now[part]}`);
  if (old.offsetReset !== now.offsetReset)
    parts.push(
      `offsetReset was ${old.offsetReset ?? "the application's"} and is ${now.offsetReset ?? "the application's"}`,
    );
  return parts.join(", ");
}

function readTopics(description: TopologyDescription): ReadonlyMap<string, SourceDescription> {
  const internal = internalTopics(description);
  return new Map(
    nodesOf(description).flatMap((node) =>
      node.kind !== "source"
        ? []
        : (node.pattern === null ? node.topics : [`/${node.pattern}/`])
            .filter((topic) => !internal.has(topic))
            .map((topic) => [topic, node] as const),
    ),
  );
}

function writtenTopics(description: TopologyDescription): ReadonlyMap<string, SinkDescription> {
  const internal = internalTopics(description);
  return new Map(
    nodesOf(description).flatMap((node) =>
      node.kind === "sink" && node.topic !== null && !internal.has(node.topic)
        ? [[node.topic, node] as const]
        : [],
    ),
  );
}

function nodesOf({ subtopologies }: TopologyDescription) {
  return subtopologies.flatMap(({ nodes }) => nodes);
}

function internalTopics({ subtopologies }: TopologyDescription): ReadonlySet<string> {
  return new Set(
    subtopologies.flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name)),
  );
}
