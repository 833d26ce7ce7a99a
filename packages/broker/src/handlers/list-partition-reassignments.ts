import type { Given } from "@millrace/protocol";
import {
  listPartitionReassignmentsApi,
  type ListPartitionReassignmentsRequest,
  type listPartitionReassignmentsResponse,
} from "@millrace/protocol/definitions";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, noError } from "./error-answer.ts";

/* ListPartitionReassignments, version 0: on one node nothing is ever on its way to another. */

type Response = Given<typeof listPartitionReassignmentsResponse>;

export const listPartitionReassignmentsHandler: AnsweringHandler<
  ListPartitionReassignmentsRequest,
  Response
> = {
  api: listPartitionReassignmentsApi,
  handle: (context) => ({
    throttleTimeMs: context.throttleMs,
    ...(context.authorize("DESCRIBE", clusterResource) ? noError : clusterRefused),
    topics: [],
  }),
};
