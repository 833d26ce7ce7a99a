import type { Given } from "@millrace/protocol";
import {
  incrementalAlterConfigsApi,
  type IncrementalAlterConfigsRequest,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { brokerConfigDefinitions } from "../config/broker-config.ts";
import type { ConfigDefinition } from "../config/config-definition.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import {
  alterConfigs,
  type ConfigAlteration,
  ConfigRefusal,
  listDefinitions,
  type PropertyChanges,
} from "./config-changes.ts";
import { type ErrorAnswer, errorAnswer } from "./error-answer.ts";

/*
 * IncrementalAlterConfigs, versions 0 and 1: set, delete, append to and subtract from lists. All changes of a resource
 * happen, or none.
 */

type Response = Given<(typeof incrementalAlterConfigsApi)["response"]>;
type RequestResource = IncrementalAlterConfigsRequest["resources"][number];
type RequestConfig = RequestResource["configs"][number];
type Properties = ReadonlyMap<string, string>;

const operations = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;

const increments: ConfigAlteration<RequestResource> = {
  unset: ({ configs }) =>
    configs
      .filter(
        ({ configOperation, value }) => configOperation !== operations.DELETE && value === null,
      )
      .map(({ name }) => name),
  brokerChanges: (resource, before) =>
    changesOf(resource, before, {
      listOf: brokerList,
      refusal: (operation) =>
        errorAnswer("INVALID_REQUEST", `Unknown operations type ${operation}`),
    }),
  changes: (resource, before) => {
    const definitions = listDefinitions(resource.resourceType);
    return changesOf(resource, before, {
      listOf: (config) => controllerList(definitions, config),
      // Kafka's controller fails on it.
      refusal: () => errorAnswer("UNKNOWN_SERVER_ERROR"),
    });
  },
};

export function incrementalAlterConfigsHandler(
  services: BrokerServices,
): AnsweringHandler<IncrementalAlterConfigsRequest, Response> {
  return {
    api: incrementalAlterConfigsApi,
    handle: (context, request) =>
      alterConfigs(services, context, { ...request, alteration: increments }),
  };
}

interface ChangeRules {
  /** What a list is by default. @throws ConfigRefusal if it is none */
  readonly listOf: (config: RequestConfig) => ConfigDefinition;
  /** Of an operation that there is not. */
  readonly refusal: (operation: number) => ErrorAnswer;
}

function changesOf(
  { configs }: RequestResource,
  before: Properties,
  { listOf, refusal }: ChangeRules,
): PropertyChanges {
  return new Map(
    configs.map((config) => {
      const { name, configOperation, value } = config;
      switch (configOperation) {
        case operations.SET:
          return [name, value];
        case operations.DELETE:
          return [name, null];
        case operations.APPEND:
        case operations.SUBTRACT: {
          const { defaultValue } = listOf(config);
          const standing = elements(before.get(name) ?? defaultValue ?? "");
          return [name, elementsAfter(config, standing).join(",")];
        }
        default:
          throw new ConfigRefusal(refusal(configOperation));
      }
    }),
  );
}

/** Kafka compares elements with the blanks around them. */
function elementsAfter(
  { configOperation, value }: RequestConfig,
  before: readonly string[],
): readonly string[] {
  const given = elements(value ?? "");
  const [known, gone] = [new Set(before), new Set(given)];
  return configOperation === operations.APPEND
    ? [...before, ...given.filter((element) => !known.has(element))]
    : before.filter((element) => !gone.has(element));
}

/** Of a broker's property, which the broker looks at before the controller does. */
function brokerList({ name, configOperation }: RequestConfig): ConfigDefinition {
  const definition = brokerConfigDefinitions.get(name);
  if (definition?.type === "LIST") return definition;
  const verb = configOperation === operations.APPEND ? "append" : "subtract";
  const text =
    definition === undefined
      ? `Unknown config name: ${name}`
      : `Config value ${verb} is not allowed for config key: ${name}`;
  throw new ConfigRefusal(errorAnswer("INVALID_CONFIG", text));
}

function controllerList(
  definitions: ReadonlyMap<string, ConfigDefinition> | undefined,
  { name, configOperation }: RequestConfig,
): ConfigDefinition {
  const definition = definitions?.get(name);
  if (definition?.type === "LIST") return definition;
  const verb = configOperation === operations.APPEND ? "APPEND" : "SUBTRACT";
  const text = `Can't ${verb} to key ${name} because its type is not LIST.`;
  throw new ConfigRefusal(errorAnswer("INVALID_CONFIG", text));
}

function elements(list: string): readonly string[] {
  return list.split(",").filter((element) => element !== "");
}
