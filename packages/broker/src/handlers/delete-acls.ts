import type { Given } from "@millrace/protocol";
import {
  deleteAclsApi,
  type DeleteAclsRequest,
  type deleteAclsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import type { AccessControlEntry } from "../metadata/access-control-entries.ts";
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
        const matches = matchesOf(filters, [...image.accessControl.all()]);
        if (matches === undefined)
          return { records: [], result: refuseAll(tooManyMatches).filterResults };
        const ids = new Set(matches.flat().map(({ id }) => id));
        const records = [...ids].map((id) => ({
          kind: "removeAccessControlEntry" as const,
          value: { id },
        }));
        const result = matches.map((matching) => ({
          ...noError,
          matchingAcls: matching.map((entry) => ({ ...noError, ...entry })),
        }));
        return { records, result };
      });
      return { throttleTimeMs, filterResults };
    },
  };
}

/** Each filter is answered with all that it matches: many that match all would be too much to tell. */
const matchesMax = 100_000;
const tooManyMatches = errorAnswer(
  "POLICY_VIOLATION",
  `The filters match more than ${matchesMax} rules; delete with fewer filters at once.`,
);

/** By filter; undefined: more than may be told. */
function matchesOf(
  filters: DeleteAclsRequest["filters"],
  entries: readonly AccessControlEntry[],
): (readonly AccessControlEntry[])[] | undefined {
  const matches: AccessControlEntry[][] = [];
  let count = 0;
  for (const filter of filters) {
    const matching = entries.filter((entry) => matchesFilter(filter, entry));
    count += matching.length;
    if (count > matchesMax) return undefined;
    matches.push(matching);
  }
  return matches;
}
