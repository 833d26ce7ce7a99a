import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  alterReplicaLogDirsApi,
  type AlterReplicaLogDirsRequest,
  type alterReplicaLogDirsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { errorNameOf } from "../partition/failure-name.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * AlterReplicaLogDirs, versions 1 and 2: there is one folder, so that a partition can only be moved to where it is.
 *   2  flexible
 */

type Response = Given<typeof alterReplicaLogDirsResponse>;

/** What Kafka adds to a partition's name while it moves. */
const futureSuffixLength = ".00000000000000000000000000000000-future".length;

export function alterReplicaLogDirsHandler({
  partitions,
  platform,
  dataDirectory,
}: BrokerServices): AnsweringHandler<AlterReplicaLogDirsRequest, Response> {
  return {
    api: alterReplicaLogDirsApi,
    async handle(context, { dirs }) {
      const isAllowed = context.authorize("ALTER", clusterResource);
      const moves = dirs.flatMap(({ path, topics }) => topics.map((topic) => ({ path, ...topic })));
      const results = await context.turns.map(moves, ({ path, name, partitions: indexes }) => ({
        name,
        partitions: indexes.map((partitionIndex) => ({
          partitionIndex,
          errorCode: errorCodeOf(
            isAllowed ? move(path, name, partitionIndex) : "CLUSTER_AUTHORIZATION_FAILED",
          ),
        })),
      }));
      return { throttleTimeMs: context.throttleMs, results: byTopic(results) };
    },
  };

  function move(path: string, topic: string, index: number): ErrorName {
    if (`${topic}-${index}`.length + futureSuffixLength > 255) return "INVALID_TOPIC_EXCEPTION";
    if (path !== platform.fileSystem.absolutePath(dataDirectory)) return "LOG_DIR_NOT_FOUND";
    const partition = partitions.find(topic, index);
    if (partition === undefined) return "UNKNOWN_TOPIC_OR_PARTITION";
    return partition.failure === undefined ? "NONE" : errorNameOf(partition.failure);
  }
}

/** A partition that is named for several folders is answered once: what is asked last. */
function byTopic(
  results: readonly {
    readonly name: string;
    readonly partitions: Response["results"][number]["partitions"];
  }[],
): Response["results"] {
  const topics = new Map<string, Map<number, Response["results"][number]["partitions"][number]>>();
  for (const { name, partitions } of results) {
    const found = topics.get(name) ?? new Map();
    for (const partition of partitions) found.set(partition.partitionIndex, partition);
    topics.set(name, found);
  }
  return Array.from(topics, ([topicName, found]) => ({
    topicName,
    partitions: [...found.values()],
  }));
}
