import { type Given } from "@millrace/protocol";
import {
  incrementalAlterConfigsApi,
  type IncrementalAlterConfigsRequest,
  type incrementalAlterConfigsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { ConfigError } from "../config/config-error.ts";
import {
  checkTopicProperties,
  topicConfigDefinitions,
  topicConfigValue,
} from "../config/topic-config.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import { topicNameFault } from "../metadata/topic-name.ts";
import type { TopicImage } from "../metadata/topic-image.ts";
import type { Handler } from "../server/handler.ts";
import { type RequestContext, groupResource, topicResource } from "../server/request-context.ts";
import { groupConfigRecords, groupResourceType } from "./alter-group-config.ts";
import { countNames } from "./count-names.ts";
import { type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * IncrementalAlterConfigs, versions 0 and 1, for topics and groups: set, delete, append to and subtract from lists. All changes
 * of a resource happen, or none.
 */

type Response = Given<typeof incrementalAlterConfigsResponse>;
type RequestResource = IncrementalAlterConfigsRequest["resources"][number];
type RequestConfig = RequestResource["configs"][number];

const topicType = 2;
const brokerType = 4;
const operations = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

export class IncrementalAlterConfigsHandler implements Handler<
  IncrementalAlterConfigsRequest,
  Response
> {
  readonly api = incrementalAlterConfigsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  async handle(
    context: RequestContext,
    request: IncrementalAlterConfigsRequest,
  ): Promise<Response> {
    const counts = countNames(request.resources, keyOf);
    const { image: now } = this.#services;
    // What is wrong already is refused in turns: the metadata wait for the rest alone.
    const refused = await context.turns.map(request.resources, (resource) =>
      counts(keyOf(resource)) > 1
        ? errorAnswer("INVALID_REQUEST", "named twice in one request")
        : this.#alter(context, { image: now, records: [] }, resource),
    );
    const responses = await this.#services.metadata.change((image) => {
      const records: MetadataRecord[] = [];
      const result = request.resources.map((resource, index) => {
        const isRefused = refused[index] !== noError;
        const answer = isRefused
          ? refused[index]
          : this.#alter(context, { image, records }, resource);
        const { resourceType, resourceName } = resource;
        return { ...answer, resourceType, resourceName };
      });
      return { records: request.validateOnly ? [] : records, result };
    });
    for (const { errorCode, resourceName, resourceType } of request.validateOnly ? [] : responses) {
      const isTopic = errorCode === 0 && resourceType === topicType;
      const topic = isTopic ? this.#services.image.topic(resourceName) : undefined;
      if (topic !== undefined) this.#services.partitions.updateConfig(topic);
    }
    return { throttleTimeMs: context.throttleMs, responses };
  }

  /** Adds to the records what the resource asks for. */
  #alter(
    context: RequestContext,
    change: {
      readonly image: MetadataImage;
      readonly records: MetadataRecord[];
    },
    resource: RequestResource,
  ): ErrorAnswer {
    const { image, records } = change;
    const { resourceType, resourceName, configs } = resource;
    if (resourceType === groupResourceType) return this.#alterGroup(context, change, resource);
    if (resourceType !== topicType)
      return errorAnswer(
        "INVALID_REQUEST",
        resourceType === brokerType
          ? "the broker's properties are read at its start; change its file"
          : `resources of type ${resourceType} cannot be changed`,
      );
    if (!context.authorize("ALTER_CONFIGS", topicResource(resourceName)))
      return errorAnswer("TOPIC_AUTHORIZATION_FAILED");
    if (resourceName === "") return errorAnswer("INVALID_REQUEST", "name the topic");
    const fault = topicNameFault(resourceName);
    if (fault !== undefined) return errorAnswer("INVALID_TOPIC_EXCEPTION", fault);
    const topic = image.topic(resourceName);
    if (topic === undefined)
      return errorAnswer("UNKNOWN_TOPIC_OR_PARTITION", `there is no topic ${resourceName}`);
    return collect(configs, records, () => this.#recordsOf(topic, configs));
  }

  #alterGroup(
    context: RequestContext,
    { image, records }: { readonly image: MetadataImage; readonly records: MetadataRecord[] },
    resource: RequestResource,
  ): ErrorAnswer {
    const { resourceName, configs } = resource;
    if (!context.authorize("ALTER_CONFIGS", groupResource(resourceName)))
      return errorAnswer("GROUP_AUTHORIZATION_FAILED");
    if (resourceName === "") return errorAnswer("INVALID_REQUEST", "name the group");
    const before = image.groupProperties(resourceName);
    return collect(configs, records, () =>
      groupConfigRecords(resource, before, this.#services.config),
    );
  }

  /** @throws ConfigError */
  #recordsOf(topic: TopicImage, configs: readonly RequestConfig[]): MetadataRecord[] {
    const after = new Map(topic.properties);
    for (const config of configs) {
      const value = this.#valueAfter(topic, config);
      if (value === null) after.delete(config.name);
      else after.set(config.name, value);
    }
    checkTopicProperties(after);
    return configs
      .filter(({ name }) => after.get(name) !== topic.properties.get(name))
      .map(({ name }) => ({
        kind: "config",
        value: {
          resourceType: topicType,
          resourceName: topic.name,
          name,
          value: after.get(name) ?? null,
        },
      }));
  }

  #valueAfter(topic: TopicImage, { name, configOperation, value }: RequestConfig): string | null {
    if (configOperation === operations.DELETE || value === null) return null;
    const definition = topicConfigDefinitions.get(name);
    if (configOperation === operations.SET) return value;
    if (definition?.type !== "LIST")
      throw new ConfigError("INVALID_PROPERTY", name, `${name} is no list`);
    // Kafka compares elements with the blanks around them.
    const before = elements(topicConfigValue(name, topic.properties, this.#services.config));
    const given = elements(value);
    const after =
      configOperation === operations.APPEND
        ? [...before, ...given.filter((element) => !before.includes(element))]
        : before.filter((element) => !given.includes(element));
    return after.join(",");
  }
}

/** Adds what `decide` gives, unless the request or a value is wrong. */
function collect(
  configs: readonly RequestConfig[],
  records: MetadataRecord[],
  decide: () => readonly MetadataRecord[],
): ErrorAnswer {
  const names = configs.map(({ name }) => name);
  if (new Set(names).size !== names.length)
    return errorAnswer("INVALID_REQUEST", "a property is named twice");
  const unset = configs.find(
    ({ configOperation, value }) => configOperation !== operations.DELETE && value === null,
  );
  if (unset !== undefined)
    return errorAnswer("INVALID_REQUEST", `${unset.name} is given no value; delete it instead`);
  try {
    records.push(...decide());
    return noError;
  } catch (error) {
    if (error instanceof ConfigError) return errorAnswer("INVALID_CONFIG", error.message);
    throw error;
  }
}

function elements(list: string): readonly string[] {
  return list === "" ? [] : list.split(",");
}

function keyOf({ resourceType, resourceName }: RequestResource): string {
  return `${resourceType}/${resourceName}`;
}
