import type { Given } from "@millrace/protocol";
import {
  deleteAclsApi,
  type DeleteAclsRequest,
  type deleteAclsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { isUnknownFilter, matchesFilter } from "../security/authorization/access-control-filter.ts";
import { CloseConnectionError } from "../server/close-connection-error.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterResource } from "../server/request-context.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * DeleteAcls, versions 1 to 3: all rules that the filters match, as one change.
 *   2  flexible        3  resources of type USER
 */

type Response = Given<typeof deleteAclsResponse>;

export function deleteAclsHandler(
  services: BrokerServices,
  hasAuthorizer: boolean,
): AnsweringHandler<DeleteAclsRequest, Response> {
  return {
    api: deleteAclsApi,
    async handle(context, { filters }) {
      const throttleTimeMs = context.throttleMs;
      if (filters.some(isUnknownFilter))
        throw new CloseConnectionError("a filter of DeleteAcls holds what is not known");
      const refuseAll = (answer: ErrorAnswer) => ({
        throttleTimeMs,
        filterResults: filters.map(() => ({ ...answer, matchingAcls: [] })),
      });
      if (!context.authorize("ALTER", clusterResource)) return refuseAll(clusterRefused);
      if (!hasAuthorizer)
        return refuseAll(errorAnswer("SECURITY_DISABLED", "No Authorizer is configured."));
      const filterResults = await services.metadata.change((image) => {
        const entries = [...image.accessControl.all()];
        const ids = new Set<string>();
        const result = filters.map((filter) => {
          const matching = entries.filter((entry) => matchesFilter(filter, entry));
          for (const { id } of matching) ids.add(id);
          return { ...noError, matchingAcls: matching.map((entry) => ({ ...noError, ...entry })) };
        });
        const records = [...ids].map((id) => ({
          kind: "removeAccessControlEntry" as const,
          value: { id },
        }));
        return { records, result };
      });
      return { throttleTimeMs, filterResults };
    },
  };
}
