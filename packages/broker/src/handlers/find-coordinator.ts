import { type Given } from "@millrace/protocol";
import {
  findCoordinatorApi,
  type FindCoordinatorRequest,
  type findCoordinatorResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  clusterResource,
  groupResource,
  transactionalIdResource,
  type RequestContext,
} from "../server/request-context.ts";
import { after } from "../server/turns.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { answeredNames } from "./count-names.ts";
import { clusterRefused } from "./error-answer.ts";

/*
 * FindCoordinator 0-6: this node coordinates everything, so the answer is this node.
 *
 * v1  kinds of keys and a text with the error   v4  many keys at once   v6  keys of share groups
 */

type Response = Given<typeof findCoordinatorResponse>;

/** This broker, as clients reach it. */
export interface CoordinatorNode {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

const keyTypes = { group: 0, transaction: 1, share: 2 };
const noNode: CoordinatorNode = { nodeId: -1, host: "", port: -1 };

export function findCoordinatorHandler(
  nodeOf: (listener: string) => CoordinatorNode,
): AnsweringHandler<FindCoordinatorRequest, Response> {
  return {
    api: findCoordinatorApi,
    handle(context, request) {
      const find = (key: string) => {
        const code = refuse(context, request.keyType, key);
        return { errorCode: code, ...(code === 0 ? nodeOf(context.listener) : noNode) };
      };
      const throttleTimeMs = context.throttleMs;
      if (context.apiVersion < 4) {
        const found = find(request.key);
        const errorMessage = found.errorCode === 0 ? "NONE" : "the coordinator was not found";
        return { throttleTimeMs, errorMessage, ...found };
      }
      const isKnown = isKeyType(request.keyType);
      const errorMessage = isKnown ? "" : `key type ${request.keyType} is unknown`;
      const names = answeredNames(request.coordinatorKeys, (key) => key);
      const found = context.turns.map(names, (key) => {
        const one = find(key);
        const isRefused = one.errorCode === clusterRefused.errorCode;
        return {
          key,
          ...one,
          errorMessage: isRefused ? clusterRefused.errorMessage : errorMessage,
        };
      });
      return after(found, (coordinators) => ({ throttleTimeMs, coordinators }));
    },
  };
}

function refuse(context: RequestContext, keyType: number, key: string): number {
  switch (keyType) {
    case keyTypes.group:
      return context.authorize("DESCRIBE", groupResource(key))
        ? errorCode.none
        : errorCode.groupAuthorizationFailed;
    case keyTypes.transaction:
      return context.authorize("DESCRIBE", transactionalIdResource(key))
        ? errorCode.none
        : errorCode.transactionalIdAuthorizationFailed;
    case keyTypes.share:
      if (!context.authorize("CLUSTER_ACTION", clusterResource))
        return errorCode.clusterAuthorizationFailed;
      return context.apiVersion >= 6 && isShareKey(key) ? errorCode.none : errorCode.invalidRequest;
    default:
      return errorCode.invalidRequest;
  }
}

/** `group:topicId:partition` */
function isShareKey(key: string): boolean {
  return /^.+:[A-Za-z0-9_-]{22}:\d{1,9}$/s.test(key);
}

function isKeyType(keyType: number): boolean {
  return Object.values(keyTypes).includes(keyType);
}
