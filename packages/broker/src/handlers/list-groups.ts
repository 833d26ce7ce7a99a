import { type Given } from "@millrace/protocol";
import {
  listGroupsApi,
  type ListGroupsRequest,
  type listGroupsResponse,
} from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import { clusterResource, groupResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * ListGroups 0-5: all groups, filtered by state and type in any case of letters.
 *
 * v4  filter by state     v5  filter by type
 */

type Response = Given<typeof listGroupsResponse>;

export function listGroupsHandler(
  groups: GroupCoordinator,
): AnsweringHandler<ListGroupsRequest, Response> {
  return {
    api: listGroupsApi,
    async handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      const listed = await groups.list();
      if (typeof listed === "number") return { throttleTimeMs, errorCode: listed, groups: [] };
      const states = new Set(request.statesFilter.map((state) => state.toLowerCase().trim()));
      const types = new Set(request.typesFilter.map((type) => type.toLowerCase().trim()));
      const seesAll = context.permits("DESCRIBE", clusterResource);
      const shown = listed.filter(
        ({ groupId, state, type }) =>
          (states.size === 0 || states.has(filterNameOf(state))) &&
          (types.size === 0 || types.has(type)) &&
          (seesAll || context.permits("DESCRIBE", groupResource(groupId))),
      );
      return {
        throttleTimeMs,
        errorCode: errorCode.none,
        groups: shown.map(({ groupId, protocolType, state, type }) => ({
          groupId,
          protocolType,
          groupState: state,
          groupType: type,
        })),
      };
    },
  };
}

/** What a filter must say to find a state. */
function filterNameOf(state: string): string {
  return state === "NotReady" ? "not_ready" : state.toLowerCase();
}
