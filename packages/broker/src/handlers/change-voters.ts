import type { Given } from "@millrace/protocol";
import {
  addRaftVoterApi,
  type AddRaftVoterRequest,
  removeRaftVoterApi,
  type RemoveRaftVoterRequest,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { BrokerServices } from "../broker-services.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer } from "./error-answer.ts";

/*
 * AddRaftVoter, versions 0 and 1, and RemoveRaftVoter, version 0: this node is the metadata's only voter. While `kraft.version` is
 * 0 Kafka changes none; with 1 no other node ever answers here, and the last voter stays.
 */

type Voter = Pick<AddRaftVoterRequest, "clusterId" | "voterId" | "voterDirectoryId">;
type Change = "add" | "remove";

export function addRaftVoterHandler(
  services: BrokerServices,
): AnsweringHandler<AddRaftVoterRequest, Given<(typeof addRaftVoterApi)["response"]>> {
  return {
    api: addRaftVoterApi,
    handle: (context, voter) => ({
      throttleTimeMs: context.throttleMs,
      ...(context.authorize("ALTER", clusterResource)
        ? refuse(services, "add", voter)
        : clusterRefused),
    }),
  };
}

export function removeRaftVoterHandler(
  services: BrokerServices,
): AnsweringHandler<RemoveRaftVoterRequest, Given<(typeof removeRaftVoterApi)["response"]>> {
  return {
    api: removeRaftVoterApi,
    handle: (context, voter) => ({
      throttleTimeMs: context.throttleMs,
      ...(context.authorize("ALTER", clusterResource)
        ? refuse(services, "remove", voter)
        : clusterRefused),
    }),
  };
}

function refuse({ cluster, image }: BrokerServices, change: Change, voter: Voter): ErrorAnswer {
  const { clusterId, voterId, voterDirectoryId } = voter;
  if (clusterId !== null && clusterId !== cluster.clusterId)
    return errorAnswer(
      "INCONSISTENT_CLUSTER_ID",
      `The given id "${clusterId}" doesn't match the cluster id "${cluster.clusterId}"`,
    );
  if (voterId < 0 || voterDirectoryId === zeroUuid)
    return errorAnswer(
      "INVALID_REQUEST",
      `${change === "add" ? "Add" : "Remove"} voter request didn't include a valid voter`,
    );
  const kraftVersion = image.features.get("kraft.version") ?? 0;
  if (kraftVersion === 0)
    return errorAnswer(
      "UNSUPPORTED_VERSION",
      `Cluster doesn't support ${change === "add" ? "adding" : "removing"} voter because the kraft.version feature is 0`,
    );
  if (change === "remove")
    return errorAnswer(
      "VOTER_NOT_FOUND",
      `Cannot remove voter ${voterId} from the set of voters [${cluster.nodeId}]`,
    );
  return voterId === cluster.nodeId
    ? errorAnswer(
        "DUPLICATE_VOTER",
        `The voter id for ${voterId} is already part of the set of voters [${cluster.nodeId}].`,
      )
    : errorAnswer("REQUEST_TIMED_OUT", `New voter ${voterId} is not ready to receive requests`);
}
