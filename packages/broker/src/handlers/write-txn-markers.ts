import type { TopicPartition } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  writeTxnMarkersApi,
  type WriteTxnMarkersRequest,
  type writeTxnMarkersResponse,
} from "@millrace/protocol/definitions";
import type { TransactionMarker } from "../coordinator/coordinator-log.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { MarkerOutcome } from "../coordinator/marker-writer.ts";
import { appendMarker } from "../partition/append-marker.ts";
import { errorCodeOfFailure } from "../partition/failure-name.ts";
import type { Partition } from "../partition/partition.ts";
import type { Partitions } from "../partition/partitions.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * WriteTxnMarkers, versions 1 and 2: ends transactions in partitions, whatever the coordinator says of them; tools use it to
 * end those that hang.
 *   2  version of transactions
 */

type Response = Given<typeof writeTxnMarkersResponse>;
type Marker = WriteTxnMarkersRequest["markers"][number];
type Codes = Map<string, Map<number, number>>;

/** What is owned by the groups' coordinator goes through it. */
const offsetsTopic = "__consumer_offsets";

/** Kafka has a coordinator look again, whatever kept the groups from it. */
const codeOfOutcome: Readonly<Record<MarkerOutcome, number>> = {
  written: 0,
  gone: errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION"),
  fenced: errorCodeOf("INVALID_PRODUCER_EPOCH"),
  failed: errorCodeOf("NOT_LEADER_OR_FOLLOWER"),
};

export function writeTxnMarkersHandler(
  groups: GroupCoordinator,
  partitions: Partitions,
  clock: Clock,
): AnsweringHandler<WriteTxnMarkersRequest, Response> {
  return {
    api: writeTxnMarkersApi,
    isExempt: true,
    async handle(context, { markers }) {
      const isAllowed =
        context.permits("ALTER", clusterResource) ||
        context.authorize("CLUSTER_ACTION", clusterResource);
      const byProducer = new Map<number, Codes>();
      for (const marker of markers) {
        const codes: Codes = byProducer.get(marker.producerId) ?? new Map();
        byProducer.set(marker.producerId, codes);
        await collect(marker, codes, isAllowed);
      }
      return { markers: Array.from(byProducer, resultOf) };
    },
  };

  /** All partitions of a marker are written in one turn, so that they share a sync. */
  async function collect(marker: Marker, codes: Codes, isAllowed: boolean): Promise<void> {
    const places = marker.topics.flatMap(({ name, partitionIndexes }) =>
      partitionIndexes.map((partition) => ({ topic: name, partition })),
    );
    const found = await Promise.all(
      places.map((place) =>
        isAllowed ? write(place, markerOf(marker)) : errorCodeOf("CLUSTER_AUTHORIZATION_FAILED"),
      ),
    );
    for (const [index, { topic, partition }] of places.entries()) {
      const ofTopic = codes.get(topic) ?? new Map();
      codes.set(topic, ofTopic.set(partition, found[index]));
    }
  }

  async function write(
    { topic, partition: index }: TopicPartition,
    marker: TransactionMarker,
  ): Promise<number> {
    const partition = partitions.find(topic, index);
    if (partition === undefined || partition.failure !== undefined) return codeOfOutcome.gone;
    if (topic === offsetsTopic)
      return codeOfOutcome[await groups.completeTransaction(index, marker)];
    return append(partition, marker);
  }

  function append(partition: Partition, marker: TransactionMarker): number | Promise<number> {
    try {
      const endOffset = appendMarker(partition, marker, clock.wallMs());
      return new Promise((resolve) =>
        partition.whenDurable(endOffset, (failure) =>
          resolve(failure === undefined ? 0 : errorCodeOfFailure(failure)),
        ),
      );
    } catch (error) {
      return errorCodeOfFailure(error);
    }
  }
}

function markerOf(marker: Marker): TransactionMarker {
  const { producerId, producerEpoch, coordinatorEpoch, transactionResult } = marker;
  return {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    result: transactionResult ? "commit" : "abort",
    transactionVersion: marker.transactionVersion >= 2 ? 2 : 0,
  };
}

function resultOf([producerId, codes]: readonly [number, Codes]): Response["markers"][number] {
  const topics = Array.from(codes, ([name, ofTopic]) => ({
    name,
    partitions: Array.from(ofTopic, ([partitionIndex, errorCode]) => ({
      partitionIndex,
      errorCode,
    })),
  }));
  return { producerId, topics };
}
