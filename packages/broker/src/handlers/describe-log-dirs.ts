import type { Given } from "@millrace/protocol";
import {
  describeLogDirsApi,
  type DescribeLogDirsRequest,
  type describeLogDirsResponse,
} from "@millrace/protocol/definitions";
import { errorCodeOf } from "@millrace/protocol";
import type { BrokerServices } from "../broker-services.ts";
import type { Partition } from "../partition/partition.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * DescribeLogDirs, versions 1 to 5: the one folder, and how large the partitions in it are.
 *   3  an error of the whole request     4  sizes of the volume     5  folders that take no new partitions
 */

type Response = Given<typeof describeLogDirsResponse>;
type Result = Response["results"][number];

export function describeLogDirsHandler(
  services: BrokerServices,
): AnsweringHandler<DescribeLogDirsRequest, Response> {
  const { partitions, platform, dataDirectory } = services;
  const { fileSystem } = platform;
  return {
    api: describeLogDirsApi,
    async handle(context, { topics }) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("DESCRIBE", clusterResource))
        return {
          throttleTimeMs,
          errorCode: errorCodeOf("CLUSTER_AUTHORIZATION_FAILED"),
          results: [],
        };
      const described = await context.turns.map(asked(topics), describe);
      const byTopic = Map.groupBy(
        described.filter((one) => one !== undefined),
        ({ topic }) => topic,
      );
      const result = {
        errorCode: 0,
        logDir: fileSystem.absolutePath(dataDirectory),
        topics: Array.from(byTopic, ([name, found]) => ({
          name,
          partitions: found.map(({ partition }) => partition),
        })),
        totalBytes: fileSystem.totalBytes(dataDirectory),
        usableBytes: fileSystem.freeBytes(dataDirectory),
      };
      return {
        throttleTimeMs,
        errorCode: 0,
        results: [partitions.failure === undefined ? result : failed(result)],
      };
    },
  };

  /** Each partition once, however often it is named. */
  function asked(topics: DescribeLogDirsRequest["topics"]): readonly Partition[] {
    if (topics === null) return [...partitions.all()];
    const found = new Set<Partition>();
    for (const { topic, partitions: indexes } of topics)
      for (const index of indexes) {
        const partition = partitions.find(topic, index);
        if (partition !== undefined) found.add(partition);
      }
    return [...found];
  }
}

/** A partition whose folder cannot be used is not told, as with Kafka. */
function describe({ topic, partition, failure, sizeBytes }: Partition) {
  if (failure !== undefined) return undefined;
  const described = {
    partitionIndex: partition,
    partitionSize: sizeBytes,
    offsetLag: 0,
    isFutureKey: false,
  };
  return { topic, partition: described };
}

function failed({ logDir }: Result): Result {
  return { errorCode: errorCodeOf("KAFKA_STORAGE_ERROR"), logDir, topics: [] };
}
