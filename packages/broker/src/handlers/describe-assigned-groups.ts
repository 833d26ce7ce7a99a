import { errorCode } from "../coordinator/error-code.ts";
import { groupResource, type RequestContext, topicResource } from "../server/request-context.ts";
import { authorizedOperations } from "./authorized-operations.ts";
import { answeredNames } from "./count-names.ts";

interface DescribeRequest {
  readonly groupIds: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

/** How groups of one protocol are described. */
export interface GroupDescriber<Described> {
  readonly isServed: boolean;
  describe(groupId: string): Promise<Described>;
  refused(groupId: string, errorCode: number, errorMessage: string | null): Described;
  topicsOf(group: Described): Iterable<string>;
  /** Said of a group with a topic that the client may not see. */
  readonly hiddenMessage: string;
}

/** Describes groups whose members the broker gives something; one with a topic that the client may not see is hidden. */
export async function describeAssignedGroups<Described extends { readonly errorCode: number }>(
  context: RequestContext,
  request: DescribeRequest,
  describer: GroupDescriber<Described>,
): Promise<readonly (Described & { readonly authorizedOperations?: number })[]> {
  const described = await context.turns.map(
    answeredNames(request.groupIds, (id) => id),
    (groupId) => describeOne(context, { groupId, request }, describer),
  );
  return Promise.all(described);
}

async function describeOne<Described extends { readonly errorCode: number }>(
  context: RequestContext,
  { groupId, request }: { readonly groupId: string; readonly request: DescribeRequest },
  describer: GroupDescriber<Described>,
): Promise<Described & { readonly authorizedOperations?: number }> {
  if (!describer.isServed) return describer.refused(groupId, errorCode.unsupportedVersion, null);
  if (!context.authorize("DESCRIBE", groupResource(groupId)))
    return describer.refused(groupId, errorCode.groupAuthorizationFailed, null);
  const group = await describer.describe(groupId);
  if (group.errorCode !== errorCode.none) return group;
  for (const topic of new Set(describer.topicsOf(group)))
    if (!context.authorize("DESCRIBE", topicResource(topic))) {
      const { hiddenMessage } = describer;
      return describer.refused(groupId, errorCode.topicAuthorizationFailed, hiddenMessage);
    }
  return request.includeAuthorizedOperations
    ? { ...group, authorizedOperations: authorizedOperations(context, groupResource(groupId)) }
    : group;
}
