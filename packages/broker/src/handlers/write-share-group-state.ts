import type { Given } from "@millrace/protocol";
import {
  writeShareGroupStateApi,
  type WriteShareGroupStateRequest,
} from "@millrace/protocol/definitions";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answerShareState, shareStateError } from "./share-state-answer.ts";

/*
 * WriteShareGroupState 0-1: what has changed of partitions.
 *
 * v1  how many records behind the start need not be delivered any more
 */

type Response = Given<(typeof writeShareGroupStateApi)["response"]>;

export function writeShareGroupStateHandler(
  share: ShareCoordinator,
): AnsweringHandler<WriteShareGroupStateRequest, Response> {
  return {
    api: writeShareGroupStateApi,
    handle: (context, request) =>
      answerShareState(context, request, {
        ask: async (key, asked) => shareStateError(await share.write(key, asked)),
        refuse: shareStateError,
      }),
  };
}
