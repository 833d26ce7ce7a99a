import type { Given } from "@millrace/protocol";
import {
  describeClientQuotasApi,
  type DescribeClientQuotasRequest,
  type describeClientQuotasResponse,
} from "@millrace/protocol/definitions";
import { partsOf, type QuotaEntity } from "../metadata/client-quotas.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { type ErrorAnswer, errorAnswer, noErrorText } from "./error-answer.ts";

/*
 * DescribeClientQuotas, versions 0 and 1: the quotas of entities that have the parts asked for; strictly: and no others.
 *   1  flexible
 */

type Response = Given<typeof describeClientQuotasResponse>;
type Components = DescribeClientQuotasRequest["components"];

const matchExact = 0;
const matchDefault = 1;
const matchAny = 2;
const entityTypes: ReadonlySet<string> = new Set(["user", "client-id", "ip"]);

export function describeClientQuotasHandler(
  image: MetadataImage,
): AnsweringHandler<DescribeClientQuotasRequest, Response> {
  return {
    api: describeClientQuotasApi,
    handle(context, { components, strict }) {
      const throttleTimeMs = context.throttleMs;
      const fault = context.authorize("DESCRIBE_CONFIGS", clusterResource)
        ? faultOf(components)
        : errorAnswer("CLUSTER_AUTHORIZATION_FAILED");
      if (fault !== undefined) return { throttleTimeMs, ...fault, entries: null };
      const entries = [...image.clientQuotas.all()]
        .filter(
          ({ entity }) =>
            (!strict || entity.size === components.length) && matches(entity, components),
        )
        .map(({ entity, values }) => ({
          entity: partsOf(entity),
          values: [...values].map(([key, value]) => ({ key, value })),
        }));
      return { throttleTimeMs, ...noErrorText, entries };
    },
  };
}

function matches(entity: QuotaEntity, components: Components): boolean {
  return components.every(({ entityType, matchType, match }) => {
    const name = entity.get(entityType);
    return name !== undefined && (matchType === matchAny || name === match);
  });
}

function faultOf(components: Components): ErrorAnswer | undefined {
  const types = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === "") return errorAnswer("INVALID_REQUEST", "Invalid empty entity type.");
    if (types.has(entityType))
      return errorAnswer(
        "INVALID_REQUEST",
        `Entity type ${entityType} cannot appear more than once in the filter.`,
      );
    if (!entityTypes.has(entityType))
      return errorAnswer("UNSUPPORTED_VERSION", `Unsupported entity type ${entityType}`);
    types.add(entityType);
    const fault = faultOfMatch(matchType, match);
    if (fault !== undefined) return errorAnswer("INVALID_REQUEST", fault);
  }
  return types.has("ip") && types.size > 1
    ? errorAnswer(
        "INVALID_REQUEST",
        "Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.",
      )
    : undefined;
}

function faultOfMatch(matchType: number, match: string | null): string | undefined {
  if (matchType === matchExact)
    return match === null
      ? "Request specified MATCH_TYPE_EXACT, but set match string to null."
      : undefined;
  if (matchType !== matchDefault && matchType !== matchAny)
    return `Unknown match type ${matchType}`;
  const name = matchType === matchDefault ? "MATCH_TYPE_DEFAULT" : "MATCH_TYPE_SPECIFIED";
  return match === null
    ? undefined
    : `Request specified ${name}, but also specified a match string.`;
}
