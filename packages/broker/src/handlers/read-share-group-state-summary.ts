import type { Given } from "@millrace/protocol";
import {
  readShareGroupStateSummaryApi,
  type ReadShareGroupStateSummaryRequest,
} from "@millrace/protocol/definitions";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { noError } from "./error-answer.ts";
import { answerShareState } from "./share-state-answer.ts";

/*
 * ReadShareGroupStateSummary 0-1: where partitions begin.
 *
 * v1  how many records behind the start need not be delivered any more
 */

type Response = Given<(typeof readShareGroupStateSummaryApi)["response"]>;

const nothing = { stateEpoch: 0, leaderEpoch: 0, startOffset: 0 };

export function readShareGroupStateSummaryHandler(
  share: ShareCoordinator,
): AnsweringHandler<ReadShareGroupStateSummaryRequest, Response> {
  return {
    api: readShareGroupStateSummaryApi,
    handle: (context, request) =>
      answerShareState(context, request, {
        ask: async (key) => {
          const state = await share.summary(key);
          return "errorCode" in state ? { ...nothing, ...state } : { ...noError, ...state };
        },
        refuse: (refusal) => ({ ...nothing, ...refusal }),
      }),
  };
}
