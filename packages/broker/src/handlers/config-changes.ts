import type { BrokerServices } from "../broker-services.ts";
import type { ConfigDefinition } from "../config/config-definition.ts";
import { ConfigError } from "../config/config-error.ts";
import { brokerConfigDefinitions } from "../config/broker-config.ts";
import { checkClientMetricsProperties } from "../config/client-metrics-config.ts";
import { checkDynamicProperties } from "../config/dynamic-broker-config.ts";
import { checkGroupProperties } from "../config/group-config.ts";
import { checkTopicProperties, topicConfigDefinitions } from "../config/topic-config.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import { resourceTypes } from "../metadata/resource-configs.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import {
  type RequestContext,
  clusterResource,
  groupResource,
  topicResource,
} from "../server/request-context.ts";
import { countNames } from "./count-names.ts";
import {
  clusterRefused,
  type ErrorAnswer,
  errorAnswer,
  groupRefused,
  noError,
  topicRefused,
} from "./error-answer.ts";

/*
 * What AlterConfigs and IncrementalAlterConfigs have in common. A broker looks at a request first (Kafka:
 * `ConfigAdminManager`), then the controller does (`ConfigurationControlManager`): the rights are asked between the two.
 */

export interface ConfigResource {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

type Properties = ReadonlyMap<string, string>;
/** By name what a property becomes; null: it is unset. */
export type PropertyChanges = ReadonlyMap<string, string | null>;

/** How a request changes what is set. */
export interface ConfigAlteration<Resource extends ConfigResource> {
  /** Names that must have a value, and have none. */
  unset(resource: Resource): readonly string[];
  /** For the broker's own look at its configs. @throws ConfigRefusal */
  brokerChanges(resource: Resource, before: Properties): PropertyChanges;
  /** @throws ConfigRefusal */
  changes(resource: Resource, before: Properties): PropertyChanges;
}

/** A change that is refused, with the answer. */
export class ConfigRefusal extends Error {
  readonly answer: ErrorAnswer;

  constructor(answer: ErrorAnswer) {
    super(answer.errorMessage ?? "");
    this.answer = answer;
  }
}

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = resourceTypes;
/** Kafka's longest: a record has two bytes for the length. */
const valueLengthMax = 32_767;

/** Definitions of what may be appended to; Kafka has none for the other kinds. */
export function listDefinitions(type: number): ReadonlyMap<string, ConfigDefinition> | undefined {
  if (type === TOPIC) return topicConfigDefinitions;
  return type === BROKER ? brokerConfigDefinitions : undefined;
}

/** Answers for each resource: all of its changes happen, or none. */
export async function alterConfigs<Resource extends ConfigResource>(
  services: BrokerServices,
  context: RequestContext,
  request: {
    readonly resources: readonly Resource[];
    readonly validateOnly: boolean;
    readonly alteration: ConfigAlteration<Resource>;
  },
) {
  const { resources, validateOnly, alteration } = request;
  const counts = countNames(resources, keyOf);
  const alter = (image: MetadataImage, resource: Resource) =>
    counts(keyOf(resource)) > 1
      ? errorAnswer("INVALID_REQUEST", "Each resource must appear at most once.")
      : decide(services, context, { image, resource, alteration });
  // What is wrong already is refused in turns: the metadata wait for the rest alone.
  const refused = await context.turns.map(resources, (resource) => alter(services.image, resource));
  const responses = await services.metadata.change((image) => {
    const records: MetadataRecord[] = [];
    const result = resources.map((resource, index) => {
      const first = refused[index];
      const decided = Array.isArray(first) ? alter(image, resource) : first;
      const { resourceType, resourceName } = resource;
      if (!isRecords(decided)) return { ...decided, resourceType, resourceName };
      for (const record of decided) records.push(record);
      return { ...noError, resourceType, resourceName };
    });
    return { records: validateOnly ? [] : records, result };
  });
  if (!validateOnly) takeEffect(services, responses);
  return { throttleTimeMs: context.throttleMs, responses };
}

function isRecords(
  decided: ErrorAnswer | readonly MetadataRecord[],
): decided is readonly MetadataRecord[] {
  return Array.isArray(decided);
}

function takeEffect(
  services: BrokerServices,
  responses: readonly (ErrorAnswer & Pick<ConfigResource, "resourceType" | "resourceName">)[],
): void {
  const changed = responses.filter(({ errorCode }) => errorCode === 0);
  for (const { resourceName } of changed.filter(({ resourceType }) => resourceType === TOPIC)) {
    const topic = services.image.topic(resourceName);
    if (topic !== undefined) services.partitions.updateConfig(topic);
  }
  if (changed.some(({ resourceType }) => resourceType === BROKER)) services.config.changed();
}

interface Asked<Resource extends ConfigResource> {
  readonly image: MetadataImage;
  readonly resource: Resource;
  readonly alteration: ConfigAlteration<Resource>;
}

/** The records that the resource asks for, or why not. */
function decide<Resource extends ConfigResource>(
  services: BrokerServices,
  context: RequestContext,
  asked: Asked<Resource>,
): ErrorAnswer | readonly MetadataRecord[] {
  const { resource } = asked;
  const { resourceType, resourceName } = resource;
  try {
    checkShape(asked);
    if (resourceType === BROKER_LOGGER) refuseLogger(services, context, resource);
    if (resourceType === BROKER) checkBroker(services, asked);
    const refusal = refusalOf(context, resource);
    if (refusal !== undefined) return refusal;
    const before = propertiesOf(asked.image, resource);
    const changes = asked.alteration.changes(resource, before);
    const after = new Map(before);
    for (const [name, value] of changes) {
      checkChange(resource, name, value);
      if (value === null) after.delete(name);
      else after.set(name, value);
    }
    checkAfter(services, asked, after);
    // Kafka writes down a broker's property that stays as it is too: brokers read their files anew then.
    return Array.from(changes)
      .filter(([name, value]) => resourceType === BROKER || value !== (before.get(name) ?? null))
      .map(([name, value]) => ({
        kind: "config",
        value: { resourceType, resourceName, name, value },
      }));
  } catch (error) {
    return answerOf(error, resourceType);
  }
}

function answerOf(error: unknown, resourceType: number): ErrorAnswer {
  if (error instanceof ConfigRefusal) return error.answer;
  if (!(error instanceof ConfigError)) throw error;
  const isRequest =
    resourceType === BROKER ||
    (resourceType === CLIENT_METRICS && error.code !== "INVALID_PROPERTY");
  return errorAnswer(isRequest ? "INVALID_REQUEST" : "INVALID_CONFIG", error.message);
}

function checkShape<Resource extends ConfigResource>({
  resource,
  alteration,
}: Asked<Resource>): void {
  const names = resource.configs.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw invalid("Error due to duplicate config keys");
  const unset = alteration.unset(resource);
  if (unset.length > 0) throw invalid(`Null value not supported for : ${unset.join(", ")}`);
  const types: readonly number[] = Object.values(resourceTypes);
  if (!types.includes(resource.resourceType))
    throw invalid(`Unknown resource type ${resource.resourceType}`);
}

function checkBroker<Resource extends ConfigResource>(
  { cluster, config }: BrokerServices,
  { image, resource, alteration }: Asked<Resource>,
): void {
  const { resourceName } = resource;
  if (resourceName !== "") checkNodeId(resourceName, cluster.nodeId, "broker");
  const after = new Map(propertiesOf(image, resource));
  for (const [name, value] of alteration.brokerChanges(resource, after))
    if (value === null) after.delete(name);
    else after.set(name, value);
  checkDynamicProperties(after, resourceName === "" ? "cluster" : "broker", config);
}

function checkNodeId(name: string, nodeId: number, noun: "broker" | "node"): void {
  if (!/^[+-]?\d+$/.test(name)) throw invalid(`Node id must be an integer, but it is: ${name}`);
  if (Number(name) !== nodeId)
    throw invalid(`Unexpected ${noun} id, expected ${nodeId}, but received ${name}`);
}

/** There are no loggers of classes here whose level could be set: events are filtered where they are written. */
function refuseLogger(
  { cluster }: BrokerServices,
  context: RequestContext,
  { resourceName, configs }: ConfigResource,
): never {
  if (!context.authorize("ALTER_CONFIGS", clusterResource)) throw new ConfigRefusal(clusterRefused);
  checkNodeId(resourceName, cluster.nodeId, "node");
  if (configs.length === 0) throw new ConfigRefusal(noError);
  throw new ConfigRefusal(
    errorAnswer("INVALID_CONFIG", `Logger ${configs[0].name} does not exist!`),
  );
}

function refusalOf(
  context: RequestContext,
  { resourceType, resourceName }: ConfigResource,
): ErrorAnswer | undefined {
  switch (resourceType) {
    case TOPIC:
      return context.authorize("ALTER_CONFIGS", topicResource(resourceName))
        ? undefined
        : topicRefused;
    case GROUP:
      return context.authorize("ALTER_CONFIGS", groupResource(resourceName))
        ? undefined
        : groupRefused;
    default:
      return context.authorize("ALTER_CONFIGS", clusterResource) ? undefined : clusterRefused;
  }
}

function propertiesOf(
  image: MetadataImage,
  { resourceType, resourceName }: ConfigResource,
): Properties {
  return resourceType === TOPIC
    ? (image.topic(resourceName)?.properties ?? new Map())
    : image.configs.of(resourceType, resourceName);
}

/** Kafka keeps min.insync.replicas as a default of the cluster, and only there, since eligible leader replicas exist. */
function checkChange(
  { resourceType, resourceName }: ConfigResource,
  name: string,
  value: string | null,
): void {
  if (resourceType === BROKER && name === "min.insync.replicas") {
    if (resourceName !== "")
      throw config("Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
    if (value === null)
      throw config("Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
  }
  if (value !== null && value.length > valueLengthMax)
    throw config(
      `The configuration value cannot be added because it exceeds the maximum value size of ${valueLengthMax} bytes.`,
    );
}

function checkAfter<Resource extends ConfigResource>(
  { config: brokerConfig }: BrokerServices,
  { image, resource }: Asked<Resource>,
  after: Properties,
): void {
  const { resourceType, resourceName } = resource;
  switch (resourceType) {
    case TOPIC: {
      if (resourceName === "") throw invalid("Default topic resources are not allowed.");
      const fault = topicNameFault(resourceName);
      if (fault !== undefined)
        throw new ConfigRefusal(errorAnswer("INVALID_TOPIC_EXCEPTION", fault));
      checkTopicProperties(after);
      if (image.topic(resourceName) === undefined)
        throw new ConfigRefusal(
          errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `The topic '${resourceName}' does not exist.`),
        );
      return;
    }
    case GROUP:
      if (resourceName === "") throw invalid("Default group resources are not allowed.");
      return checkGroupProperties(after, brokerConfig);
    case CLIENT_METRICS:
      if (resourceName === "") throw invalid("Subscription name can't be empty");
      return checkClientMetricsProperties(after);
  }
}

function invalid(text: string): ConfigRefusal {
  return new ConfigRefusal(errorAnswer("INVALID_REQUEST", text));
}

function config(text: string): ConfigRefusal {
  return new ConfigRefusal(errorAnswer("INVALID_CONFIG", text));
}

function keyOf({ resourceType, resourceName }: ConfigResource): string {
  return `${resourceType}/${resourceName}`;
}
