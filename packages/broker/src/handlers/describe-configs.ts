import { messageOf } from "@millrace/model";
import { type Given, KafkaError } from "@millrace/protocol";
import {
  describeConfigsApi,
  type DescribeConfigsRequest,
  type describeConfigsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { brokerConfigDefinitions } from "../config/broker-config.ts";
import {
  canonicalConfigValue,
  type ConfigDefinition,
  type ConfigType,
} from "../config/config-definition.ts";
import { clientMetricsDefinitions } from "../config/client-metrics-config.ts";
import { documentationOf } from "../config/config-documentation.ts";
import { groupConfigDefinitions, groupConfigEntries } from "../config/group-config.ts";
import {
  brokerConfigEntries,
  brokerSynonyms,
  type ConfigEntry,
  configSources,
  topicConfigDefinitions,
  topicConfigEntries,
  topicConfigValue,
} from "../config/topic-config.ts";
import { resourceTypes } from "../metadata/resource-configs.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import {
  clusterResource,
  groupResource,
  type RequestContext,
  topicResource,
} from "../server/request-context.ts";
import { after } from "../server/turns.ts";
import { answeredNames } from "./count-names.ts";
import { errorCodeOfFailure } from "../partition/failure-name.ts";

/*
 * DescribeConfigs, versions 1 to 4: every property of a topic, a group or of the broker, where its value comes from, and with
 * synonyms all places where one would be found.
 */

type Response = Given<typeof describeConfigsResponse>;
type Result = Response["results"][number];
type ResultConfig = Result["configs"][number];
type RequestResource = DescribeConfigsRequest["resources"][number];

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = resourceTypes;

/** Kafka: `DescribeConfigsResponse.ConfigType`. */
const typeNumbers: Readonly<Record<ConfigType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

export class DescribeConfigsHandler implements Handler<DescribeConfigsRequest, Response> {
  readonly api = describeConfigsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  handle(context: RequestContext, request: DescribeConfigsRequest): HandlerAnswer<Response> {
    const results = context.turns.map(answeredNames(request.resources, nameOf), (resource) =>
      this.#describe(context, request, resource),
    );
    return after(results, (described) => ({
      throttleTimeMs: context.throttleMs,
      results: described,
    }));
  }

  #describe(
    context: RequestContext,
    request: DescribeConfigsRequest,
    resource: RequestResource,
  ): Result {
    const { resourceType, resourceName } = resource;
    try {
      const configs = this.#configsOf(context, request, resource);
      return { errorCode: 0, errorMessage: "", resourceType, resourceName, configs };
    } catch (error) {
      return {
        errorCode: errorCodeOfFailure(error),
        errorMessage: messageOf(error),
        resourceType,
        resourceName,
        configs: [],
      };
    }
  }

  #configsOf(
    context: RequestContext,
    request: DescribeConfigsRequest,
    resource: RequestResource,
  ): ResultConfig[] {
    switch (resource.resourceType) {
      case TOPIC:
        return this.#topic(context, request, resource);
      case GROUP:
        return this.#group(context, request, resource);
      case BROKER:
      case BROKER_LOGGER:
      case CLIENT_METRICS:
        if (!context.authorize("DESCRIBE_CONFIGS", clusterResource))
          throw new KafkaError("CLUSTER_AUTHORIZATION_FAILED");
        return resource.resourceType === CLIENT_METRICS
          ? this.#clientMetrics(request, resource)
          : this.#ofBroker(request, resource);
      default:
        throw new KafkaError(
          "INVALID_REQUEST",
          `resources of type ${resource.resourceType} have no configs`,
        );
    }
  }

  #topic(
    context: RequestContext,
    request: DescribeConfigsRequest,
    { resourceName, configurationKeys }: RequestResource,
  ): ResultConfig[] {
    if (!context.authorize("DESCRIBE_CONFIGS", topicResource(resourceName)))
      throw new KafkaError("TOPIC_AUTHORIZATION_FAILED");
    const fault = topicNameFault(resourceName);
    if (fault !== undefined) throw new KafkaError("INVALID_TOPIC_EXCEPTION", fault);
    const topic = this.#services.image.topic(resourceName);
    if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", "");
    const { config } = this.#services;
    return select(topicConfigDefinitions, configurationKeys).map((definition) => {
      const entries = topicConfigEntries(definition, topic.properties, config);
      const value = topicConfigValue(definition.name, topic.properties, config);
      return describe(definition, { entries, value, readOnly: false, request });
    });
  }

  #group(
    context: RequestContext,
    request: DescribeConfigsRequest,
    { resourceName, configurationKeys }: RequestResource,
  ): ResultConfig[] {
    if (!context.authorize("DESCRIBE_CONFIGS", groupResource(resourceName)))
      throw new KafkaError("GROUP_AUTHORIZATION_FAILED");
    if (resourceName === "")
      throw new KafkaError("INVALID_REQUEST", "Group name must not be empty");
    const { config, image } = this.#services;
    const properties = image.groupProperties(resourceName);
    return select(groupConfigDefinitions, configurationKeys).map((definition) => {
      const entries = groupConfigEntries(definition, properties, config);
      const value = entries[0].value ?? "";
      return describe(definition, { entries, value, readOnly: false, request });
    });
  }

  #clientMetrics(
    request: DescribeConfigsRequest,
    { resourceName, configurationKeys }: RequestResource,
  ): ResultConfig[] {
    if (resourceName === "")
      throw new KafkaError("INVALID_REQUEST", "Client metrics subscription name must not be empty");
    const properties = this.#services.image.configs.of(CLIENT_METRICS, resourceName);
    return select(clientMetricsDefinitions, configurationKeys).map((definition) => {
      const { name, defaultValue } = definition;
      const own = properties.get(name);
      const source = configSources.CLIENT_METRICS;
      const entries = own === undefined ? [] : [{ name, value: own, source }];
      return describe(definition, {
        entries,
        value: own ?? defaultValue,
        readOnly: false,
        request,
      });
    });
  }

  #ofBroker(request: DescribeConfigsRequest, resource: RequestResource): ResultConfig[] {
    const { resourceType, resourceName } = resource;
    const { nodeId } = this.#services.cluster;
    const isLogger = resourceType === BROKER_LOGGER;
    if (resourceName === "") {
      if (isLogger) throw new KafkaError("INVALID_REQUEST", "Broker id must not be empty");
      return this.#clusterDefaults(request, resource);
    }
    if (!/^[+-]?\d+$/.test(resourceName))
      throw new KafkaError(
        "INVALID_REQUEST",
        `Broker id must be an integer, but it is: ${resourceName}`,
      );
    if (Number(resourceName) !== nodeId)
      throw new KafkaError(
        "INVALID_REQUEST",
        `Unexpected broker id, expected ${nodeId}${isLogger ? "" : " or empty string,"} but received ${resourceName}`,
      );
    // There are no loggers of classes whose levels could be told.
    return isLogger ? [] : this.#broker(request, resource);
  }

  #broker(request: DescribeConfigsRequest, { configurationKeys }: RequestResource): ResultConfig[] {
    const { config } = this.#services;
    return select(brokerConfigDefinitions, configurationKeys).map((definition) => {
      const entries = brokerConfigEntries(brokerSynonyms(definition.name), config);
      const value = config.text(definition.name);
      return describe(definition, { entries, value, readOnly: !definition.isDynamic, request });
    });
  }

  /** What is set for all brokers of the cluster. */
  #clusterDefaults(
    request: DescribeConfigsRequest,
    { configurationKeys }: RequestResource,
  ): ResultConfig[] {
    const properties = this.#services.image.configs.of(BROKER, "");
    const source = configSources.DYNAMIC_DEFAULT_BROKER;
    return select(brokerConfigDefinitions, configurationKeys).flatMap((definition) => {
      const { name, isDynamic } = definition;
      const value = properties.get(name);
      const entries = value === undefined ? [] : [{ name, value, source }];
      return entries.map((entry) =>
        describe(definition, { entries, value: entry.value, readOnly: !isDynamic, request }),
      );
    });
  }
}

function nameOf({ resourceType, resourceName, configurationKeys }: RequestResource): string {
  return JSON.stringify([resourceType, resourceName, configurationKeys]);
}

function select(
  definitions: ReadonlyMap<string, ConfigDefinition>,
  keys: readonly string[] | null,
): ConfigDefinition[] {
  const all = [...definitions.values()];
  if (keys === null || keys.length === 0) return all;
  const wanted = new Set(keys);
  return all.filter(({ name }) => wanted.has(name));
}

function describe(
  definition: ConfigDefinition,
  found: {
    readonly entries: readonly ConfigEntry[];
    readonly value: string | null;
    readonly readOnly: boolean;
    readonly request: DescribeConfigsRequest;
  },
): ResultConfig {
  const { readOnly, request } = found;
  const entries = toldEntries(definition, found.entries);
  const isSensitive = definition.type === "PASSWORD";
  return {
    name: definition.name,
    value:
      isSensitive || found.value === null ? null : canonicalConfigValue(definition, found.value),
    readOnly,
    configSource: entries[0]?.source ?? 5,
    isSensitive,
    synonyms: request.includeSynonyms
      ? entries.map(({ name, value, source }) => ({
          name,
          value: isSensitive ? null : value,
          source,
        }))
      : [],
    configType: typeNumbers[definition.type],
    documentation: request.includeDocumentation ? documentationOf(definition) : null,
  };
}

/** Of the broker's properties Kafka tells none before the nearest one that stands for the resource's. */
function toldEntries(
  { name, brokerProperties }: ConfigDefinition,
  entries: readonly ConfigEntry[],
): readonly ConfigEntry[] {
  const [nearest = name] = brokerProperties;
  const isOwn = ({ source }: ConfigEntry) =>
    source === configSources.TOPIC || source === configSources.GROUP;
  const ofBroker = entries.filter((entry) => !isOwn(entry));
  const start = ofBroker.findIndex((entry) => entry.name === nearest);
  return [...entries.filter(isOwn), ...(start === -1 ? [] : ofBroker.slice(start))];
}
