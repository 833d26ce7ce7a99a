import type { Given } from "@millrace/protocol";
import {
  unregisterBrokerApi,
  type UnregisterBrokerRequest,
  type unregisterBrokerResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, errorAnswer } from "./error-answer.ts";

/* UnregisterBroker, version 0: no other broker is registered, and this one stays (docs/decisions/071). */

type Response = Given<typeof unregisterBrokerResponse>;

export function unregisterBrokerHandler({
  cluster,
}: BrokerServices): AnsweringHandler<UnregisterBrokerRequest, Response> {
  return {
    api: unregisterBrokerApi,
    handle: (context, { brokerId }) => ({
      throttleTimeMs: context.throttleMs,
      ...answer(context.authorize("ALTER", clusterResource), brokerId),
    }),
  };

  function answer(isAllowed: boolean, brokerId: number) {
    if (!isAllowed) return clusterRefused;
    return brokerId === cluster.nodeId
      ? errorAnswer("INVALID_REQUEST", `broker ${brokerId} is the only one: stop it instead`)
      : errorAnswer(
          "BROKER_ID_NOT_REGISTERED",
          `Broker ID ${brokerId} is not currently registered`,
        );
  }
}
