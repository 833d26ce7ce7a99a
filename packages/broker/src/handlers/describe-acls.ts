import type { Given } from "@millrace/protocol";
import {
  describeAclsApi,
  type DescribeAclsRequest,
  type describeAclsResponse,
} from "@millrace/protocol/definitions";
import { type AccessControlEntry, keyOfResource } from "../metadata/access-control-entries.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { isUnknownFilter, matchesFilter } from "../security/authorization/access-control-filter.ts";
import { CloseConnectionError } from "../server/close-connection-error.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterResource, type RequestContext } from "../server/request-context.ts";
import { clusterRefused, errorAnswer, noErrorText } from "./error-answer.ts";

/*
 * DescribeAcls, versions 1 to 3: the rules that a filter matches, by resource.
 *   2  flexible        3  resources of type USER
 */

type Response = Given<typeof describeAclsResponse>;

export function describeAclsHandler(
  image: MetadataImage,
  hasAuthorizer: boolean,
): AnsweringHandler<DescribeAclsRequest, Response> {
  return {
    api: describeAclsApi,
    handle(context, request) {
      if (isUnknownFilter(request))
        throw new CloseConnectionError("a filter of DescribeAcls holds what is not known");
      return { throttleTimeMs: context.throttleMs, ...describe(context, request) };
    },
  };

  function describe(context: RequestContext, request: DescribeAclsRequest) {
    if (!context.authorize("DESCRIBE", clusterResource))
      return { ...clusterRefused, resources: [] };
    if (!hasAuthorizer)
      return {
        ...errorAnswer("SECURITY_DISABLED", "No Authorizer is configured on the broker"),
        resources: [],
      };
    const byResource = new Map<string, AccessControlEntry[]>();
    for (const entry of image.accessControl.all()) {
      if (!matchesFilter(request, entry)) continue;
      const key = keyOfResource(entry);
      const same = byResource.get(key);
      if (same === undefined) byResource.set(key, [entry]);
      else same.push(entry);
    }
    const resources = [...byResource.values()].map((acls) => {
      const { resourceType, resourceName, patternType } = acls[0];
      return { resourceType, resourceName, patternType, acls };
    });
    return { ...noErrorText, resources };
  }
}
