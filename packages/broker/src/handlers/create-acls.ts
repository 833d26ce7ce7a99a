import type { Given } from "@millrace/protocol";
import {
  createAclsApi,
  type CreateAclsRequest,
  type createAclsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { keyOfEntry, patternTypes } from "../metadata/access-control-entries.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import { randomUuid } from "../metadata/random-uuid.ts";
import {
  anyOperation,
  anyResource,
  operationMax,
  operationNames,
  permissionNames,
  permissions,
  resourceMax,
  resourceNames,
  resourceNumbers,
} from "../security/authorization/access-control-numbers.ts";
import { CloseConnectionError } from "../server/close-connection-error.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterResource } from "../server/request-context.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noErrorText } from "./error-answer.ts";

/*
 * CreateAcls, versions 1 to 3: rules, each of which is added or refused by itself; one that is there already is fine.
 *   2  flexible        3  resources of type USER
 */

type Response = Given<typeof createAclsResponse>;
type Creation = CreateAclsRequest["creations"][number];

export function createAclsHandler(
  services: BrokerServices,
  hasAuthorizer: boolean,
): AnsweringHandler<CreateAclsRequest, Response> {
  return {
    api: createAclsApi,
    async handle(context, { creations }) {
      const throttleTimeMs = context.throttleMs;
      if (creations.some(isUnknown))
        throw new CloseConnectionError("a rule of CreateAcls holds what is not known");
      const refuseAll = (answer: ErrorAnswer) => ({
        throttleTimeMs,
        results: creations.map(() => answer),
      });
      if (!context.authorize("ALTER", clusterResource)) return refuseAll(clusterRefused);
      if (!hasAuthorizer)
        return refuseAll(errorAnswer("SECURITY_DISABLED", "No Authorizer is configured."));
      const results = await services.metadata.change((image) => {
        const records: MetadataRecord[] = [];
        const added = new Set<string>();
        const result = creations.map((creation) => {
          const fault = faultOf(creation);
          if (fault !== undefined) return errorAnswer("INVALID_REQUEST", fault);
          const { resourcePatternType: patternType, ...rest } = creation;
          const value = { ...rest, patternType, id: randomUuid(services.platform.random) };
          const key = keyOfEntry(value);
          if (!added.has(key) && !image.accessControl.has(value))
            records.push({ kind: "accessControlEntry", value });
          added.add(key);
          return noErrorText;
        });
        return { records, result };
      });
      return { throttleTimeMs, results };
    },
  };
}

/** Kafka cannot read such a request, and closes the connection. */
function isUnknown(creation: Creation): boolean {
  const { resourceType, resourcePatternType, operation, permissionType } = creation;
  return (
    !(resourceType > 0 && resourceType <= resourceMax) ||
    !(resourcePatternType > 0 && resourcePatternType <= patternTypes.PREFIXED) ||
    !(operation > 0 && operation <= operationMax) ||
    !(permissionType > 0 && permissionType <= permissions.ALLOW)
  );
}

function faultOf(creation: Creation): string | undefined {
  const { resourceType, resourceName, resourcePatternType, principal } = creation;
  if (resourceType === resourceNumbers.CLUSTER && resourceName !== clusterResource.name)
    return `The only valid name for the CLUSTER resource is ${clusterResource.name}`;
  if (resourceName === "") return "Invalid empty resource name";
  if (resourceType === anyResource) return `Invalid resourceType ${resourceNames[resourceType]}`;
  if (resourcePatternType < patternTypes.LITERAL)
    return `Invalid patternType ${resourcePatternType === patternTypes.ANY ? "ANY" : "MATCH"}`;
  if (creation.operation === anyOperation)
    return `Invalid operation ${operationNames[creation.operation]}`;
  if (creation.permissionType === permissions.ANY)
    return `Invalid permissionType ${permissionNames[creation.permissionType]}`;
  if (!principal.includes(":"))
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`;
  return undefined;
}
