import type { Given } from "@millrace/protocol";
import {
  readShareGroupStateApi,
  type ReadShareGroupStateRequest,
} from "@millrace/protocol/definitions";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { noError } from "./error-answer.ts";
import { answerShareState } from "./share-state-answer.ts";

/*
 * ReadShareGroupState 0: what is known of partitions; who reads as the leader of an epoch fences earlier ones.
 */

type Response = Given<(typeof readShareGroupStateApi)["response"]>;

const nothing = { stateEpoch: 0, startOffset: 0, stateBatches: [] };

export function readShareGroupStateHandler(
  share: ShareCoordinator,
): AnsweringHandler<ReadShareGroupStateRequest, Response> {
  return {
    api: readShareGroupStateApi,
    handle: (context, request) =>
      answerShareState(context, request, {
        ask: async (key, { leaderEpoch }) => {
          const state = await share.read(key, leaderEpoch);
          return "errorCode" in state ? { ...nothing, ...state } : { ...noError, ...state };
        },
        refuse: (refusal) => ({ ...nothing, ...refusal }),
      }),
  };
}
