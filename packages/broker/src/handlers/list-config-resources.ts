import { errorCodeOf, type Given } from "@millrace/protocol";
import {
  listConfigResourcesApi,
  type ListConfigResourcesRequest,
  type listConfigResourcesResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { resourceTypes } from "../metadata/resource-configs.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";

/*
 * ListConfigResources, versions 0 and 1: what configs can be described of; groups and client metrics only where some are set.
 *   0  client metrics alone     1  every kind; no kinds are all kinds
 */

type Response = Given<typeof listConfigResourcesResponse>;

const { GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC } = resourceTypes;
/** In the order of Kafka's answer. */
const allTypes = [GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC] as const;

export function listConfigResourcesHandler({
  image,
  cluster,
}: BrokerServices): AnsweringHandler<ListConfigResourcesRequest, Response> {
  return {
    api: listConfigResourcesApi,
    handle(context, request) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("DESCRIBE_CONFIGS", clusterResource))
        return {
          throttleTimeMs,
          errorCode: errorCodeOf("CLUSTER_AUTHORIZATION_FAILED"),
          configResources: [],
        };
      const supported: readonly number[] = context.apiVersion === 0 ? [CLIENT_METRICS] : allTypes;
      const asked = new Set(request.resourceTypes.length === 0 ? supported : request.resourceTypes);
      if ([...asked].some((type) => !supported.includes(type)))
        return {
          throttleTimeMs,
          errorCode: errorCodeOf("UNSUPPORTED_VERSION"),
          configResources: [],
        };
      const configResources = allTypes
        .filter((type) => asked.has(type))
        .flatMap((resourceType) =>
          namesOf(resourceType).map((resourceName) => ({ resourceName, resourceType })),
        );
      return { throttleTimeMs, errorCode: 0, configResources };
    },
  };

  function namesOf(type: (typeof allTypes)[number]): readonly string[] {
    switch (type) {
      case GROUP:
      case CLIENT_METRICS:
        return image.configs.names(type);
      case BROKER_LOGGER:
      case BROKER:
        return [String(cluster.nodeId)];
      case TOPIC:
        return Array.from(image.topics(), ({ name }) => name);
    }
  }
}
