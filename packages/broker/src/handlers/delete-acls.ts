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
import { clusterResource, type RequestContext } from "../server/request-context.ts";
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
      const entries = [...services.metadata.image.accessControl.all()];
      const found = await matchesOf(context, filters, entries);
      if (found === undefined) return refuseAll(tooManyMatches);
      const filterResults = await services.metadata.change((image) => {
        // Others may have deleted some meanwhile.
        const there = new Set([...image.accessControl.all()].map(({ id }) => id));
        const matches = found.map((matching) => matching.filter(({ id }) => there.has(id)));
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

/** By filter, with others in between; undefined: more than may be told. */
async function matchesOf(
  { turns }: Pick<RequestContext, "turns">,
  filters: DeleteAclsRequest["filters"],
  entries: readonly AccessControlEntry[],
): Promise<readonly (readonly AccessControlEntry[])[] | undefined> {
  let count = 0;
  const matches = await turns.map(filters, (filter) => {
    if (count > matchesMax) return [];
    const matching = entries.filter((entry) => matchesFilter(filter, entry));
    count += matching.length;
    return matching;
  });
  return count > matchesMax ? undefined : matches;
}
