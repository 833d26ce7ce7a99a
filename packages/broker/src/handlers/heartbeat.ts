import { type Given } from "@millrace/protocol";
import {
  heartbeatApi,
  type HeartbeatRequest,
  type heartbeatResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { ClassicGroups } from "../coordinator/group/classic/classic-groups.ts";
import { groupResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * Heartbeat 0-4: keeps a member's session; REBALANCE_IN_PROGRESS asks it to join again.
 *
 * v3  static members
 */

type Response = Given<typeof heartbeatResponse>;

export function heartbeatHandler(
  groups: ClassicGroups,
): AnsweringHandler<HeartbeatRequest, Response> {
  return {
    api: heartbeatApi,
    async handle(context, request) {
      const code = context.authorize("READ", groupResource(request.groupId))
        ? await groups.heartbeat(request)
        : errorCode.groupAuthorizationFailed;
      return { throttleTimeMs: context.throttleMs, errorCode: code };
    },
  };
}
