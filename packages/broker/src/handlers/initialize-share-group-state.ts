import type { Given } from "@millrace/protocol";
import {
  initializeShareGroupStateApi,
  type InitializeShareGroupStateRequest,
} from "@millrace/protocol/definitions";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answerShareState, shareStateError } from "./share-state-answer.ts";

/*
 * InitializeShareGroupState 0: the state of partitions is kept from now on, or anew.
 */

type Response = Given<(typeof initializeShareGroupStateApi)["response"]>;

export function initializeShareGroupStateHandler(
  share: ShareCoordinator,
): AnsweringHandler<InitializeShareGroupStateRequest, Response> {
  return {
    api: initializeShareGroupStateApi,
    handle: (context, request) =>
      answerShareState(context, request, {
        ask: async (key, asked) => shareStateError(await share.initialize(key, asked)),
        refuse: shareStateError,
      }),
  };
}
