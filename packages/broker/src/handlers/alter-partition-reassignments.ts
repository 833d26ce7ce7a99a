import type { Given } from "@millrace/protocol";
import {
  alterPartitionReassignmentsApi,
  type AlterPartitionReassignmentsRequest,
  type alterPartitionReassignmentsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { assignmentFault } from "../metadata/plan-topic.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * AlterPartitionReassignments, versions 0 and 1: a partition may stay where it is; there is no other broker to go to.
 *   1  a change of the number of replicas can be forbidden: none is possible here
 */

type Response = Given<typeof alterPartitionReassignmentsResponse>;
type Target = AlterPartitionReassignmentsRequest["topics"][number]["partitions"][number];

export function alterPartitionReassignmentsHandler({
  image,
  cluster,
}: BrokerServices): AnsweringHandler<AlterPartitionReassignmentsRequest, Response> {
  return {
    api: alterPartitionReassignmentsApi,
    async handle(context, { topics, allowReplicationFactorChange }) {
      const isAllowed = context.authorize("ALTER", clusterResource);
      const responses = await context.turns.map(topics, ({ name, partitions }) => ({
        name,
        partitions: partitions.map((target) => ({
          partitionIndex: target.partitionIndex,
          ...(isAllowed ? reassign(name, target) : clusterRefused),
        })),
      }));
      const answer = isAllowed ? noError : clusterRefused;
      return {
        throttleTimeMs: context.throttleMs,
        allowReplicationFactorChange,
        ...answer,
        responses,
      };
    },
  };

  function reassign(name: string, { partitionIndex, replicas }: Target): ErrorAnswer {
    const topic = image.topic(name);
    if (topic === undefined)
      return errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `Unable to find a topic named ${name}.`);
    if (partitionIndex < 0 || partitionIndex >= topic.partitionCount)
      return errorAnswer(
        "UNKNOWN_TOPIC_OR_PARTITION",
        `Unable to find partition ${name}:${partitionIndex}.`,
      );
    // Nothing is ever on its way, so that nothing can be cancelled. Kafka tells its exception's text, which it lacks.
    if (replicas === null) return errorAnswer("NO_REASSIGNMENT_IN_PROGRESS");
    const fault = assignmentFault(cluster.nodeId, replicas);
    return fault === undefined ? noError : errorAnswer("INVALID_REPLICA_ASSIGNMENT", fault);
  }
}
