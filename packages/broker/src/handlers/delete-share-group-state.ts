import type { Given } from "@millrace/protocol";
import {
  deleteShareGroupStateApi,
  type DeleteShareGroupStateRequest,
} from "@millrace/protocol/definitions";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answerShareState, shareStateError } from "./share-state-answer.ts";

/*
 * DeleteShareGroupState 0: partitions are forgotten.
 */

type Response = Given<(typeof deleteShareGroupStateApi)["response"]>;

export function deleteShareGroupStateHandler(
  share: ShareCoordinator,
): AnsweringHandler<DeleteShareGroupStateRequest, Response> {
  return {
    api: deleteShareGroupStateApi,
    handle: (context, request) =>
      answerShareState(context, request, {
        ask: async (key) => shareStateError(await share.delete(key)),
        refuse: shareStateError,
      }),
  };
}
