import { KafkaError } from "@millrace/protocol";
import {
  describeConfigsApi,
  incrementalAlterConfigsApi,
  type DescribeConfigsResponse,
} from "@millrace/protocol/definitions";

import { oneOf, text, textsByName } from "../argument-kinds.ts";
import { abortSignal, checkArguments, listOf, optional, strict } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { LaneLink } from "../connection/broker-lane.ts";
import { flag, names } from "./admin-arguments.ts";
import type { AdminLinks } from "./admin-links.ts";
import { askUntilAnswered, type ErrorRow } from "./ask-any.ts";
import { wordOf, wordsOf, type Words } from "./words.ts";

export const configResourceKinds = {
  topic: 2,
  broker: 4,
  "broker-logger": 8,
  "client-metrics": 16,
  group: 32,
} satisfies Words<string>;

const sources = {
  topic: 1,
  broker: 2,
  "default-broker": 3,
  "static-broker": 4,
  default: 5,
  "broker-logger": 6,
  "client-metrics": 7,
  group: 8,
} satisfies Words<string>;

const types = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} satisfies Words<string>;

/** What has configs (Kafka: `ConfigResource`). */
export interface ConfigResource {
  readonly kind: keyof typeof configResourceKinds;
  /** Of a broker its id; empty: the default of all brokers. */
  readonly name: string;
}

/** Where a config's value comes from; `default` is Kafka's own. */
export type ConfigSource = keyof typeof sources | "unknown";

/** One config of a resource (Kafka: `ConfigEntry`). */
export interface ConfigEntry {
  readonly name: string;
  /** Null: there is none, or it is a secret. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
  readonly type: keyof typeof types | "unknown";
  /** Null: the cluster tells none. */
  readonly documentation: string | null;
  /** What stands behind it, the value that holds first. */
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: ConfigSource;
  }[];
}

export interface ConfigDescription extends ConfigResource {
  readonly configs: readonly ConfigEntry[];
}

/** What becomes of a resource's configs; all that is not named stays. */
export interface ConfigChange extends ConfigResource {
  readonly set?: Readonly<Record<string, string>>;
  /** Names that go back to their defaults. */
  readonly remove?: readonly string[];
  /** Elements that lists get, and lose. */
  readonly append?: Readonly<Record<string, string>>;
  readonly subtract?: Readonly<Record<string, string>>;
}

const resource = { kind: oneOf(...wordsOf(configResourceKinds)), name: text };
const configResources = listOf(strict(resource, "{ kind, name }"), "{ kind, name }");
const configChanges = listOf(
  strict(
    {
      ...resource,
      set: optional(textsByName),
      remove: optional(names),
      append: optional(textsByName),
      subtract: optional(textsByName),
    },
    "{ kind, name, set }",
  ),
  "{ kind, name, set }",
);
const alterConfigsOptions = strict(
  { validateOnly: optional(flag), signal: optional(abortSignal) },
  "{ validateOnly, signal }",
);

export async function describeConfigs(
  context: ClientContext,
  links: AdminLinks,
  resources: readonly ConfigResource[],
  signal?: AbortSignal,
): Promise<readonly ConfigDescription[]> {
  checkArguments("admin.describeConfigs", { resources: [configResources, resources] }, signal);
  const described: ConfigDescription[] = [];
  for (const own of byBroker(resources)) {
    const answer = await askUntilAnswered(context, {
      api: describeConfigsApi,
      link: () => linkOf(links, own[0]),
      signal,
      body: (version) => ({
        resources: own.map(({ kind, name }) => ({
          resourceType: configResourceKinds[kind],
          resourceName: name,
          configurationKeys: null,
        })),
        includeSynonyms: true,
        ...(version >= 3 ? { includeDocumentation: true } : {}),
      }),
      errorsOf: ({ results }) => results.map(namedError),
    });
    for (const { resourceType, resourceName, configs } of answer.results) {
      const kind = wordOf(configResourceKinds, resourceType);
      if (kind !== undefined)
        described.push({ kind, name: resourceName, configs: configs.map(entryOf) });
    }
  }
  return described;
}

export async function alterConfigs(
  context: ClientContext,
  links: AdminLinks,
  changes: readonly ConfigChange[],
  options: { readonly validateOnly?: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  checkArguments("admin.alterConfigs", {
    changes: [configChanges, changes],
    options: [alterConfigsOptions, options],
  });
  const { validateOnly = false, signal } = options;
  for (const own of byBroker(changes))
    await askUntilAnswered(context, {
      api: incrementalAlterConfigsApi,
      link: () => linkOf(links, own[0]),
      signal,
      body: () => ({
        resources: own.map((change) => ({
          resourceType: configResourceKinds[change.kind],
          resourceName: change.name,
          configs: operationsOf(change),
        })),
        validateOnly,
      }),
      errorsOf: ({ responses }) => responses.map(namedError),
    });
}

function operationsOf({ set = {}, remove = [], append = {}, subtract = {} }: ConfigChange) {
  const operations = (values: Readonly<Record<string, string>>, configOperation: number) =>
    Object.entries(values).map(([name, value]) => ({ name, configOperation, value }));
  return [
    ...operations(set, 0),
    ...remove.map((name) => ({ name, configOperation: 1, value: null })),
    ...operations(append, 2),
    ...operations(subtract, 3),
  ];
}

/** One broker's configs are asked of itself, all others of anybody. */
function byBroker<One extends ConfigResource>(resources: readonly One[]): readonly One[][] {
  return [...Map.groupBy(resources, (one) => brokerOf(one) ?? -1).values()];
}

function brokerOf({ kind, name }: ConfigResource): number | undefined {
  const isOfOne = (kind === "broker" || kind === "broker-logger") && /^\d+$/.test(name);
  return isOfOne ? Number(name) : undefined;
}

function linkOf(links: AdminLinks, resource: ConfigResource): Promise<LaneLink> {
  const nodeId = brokerOf(resource);
  return nodeId === undefined ? links.controller() : links.broker(nodeId);
}

type Entry = DescribeConfigsResponse["results"][number]["configs"][number];

function entryOf(given: Entry): ConfigEntry {
  return {
    name: given.name,
    value: given.value,
    source: wordOf(sources, given.configSource) ?? "unknown",
    isReadOnly: given.readOnly,
    isSensitive: given.isSensitive,
    type: wordOf(types, given.configType) ?? "unknown",
    documentation: given.documentation ?? null,
    synonyms: given.synonyms.map(({ name, value, source }) => ({
      name,
      value,
      source: wordOf(sources, source) ?? "unknown",
    })),
  };
}

/** Brokers say what is wrong, and not with which of the resources. */
function namedError({
  resourceType,
  resourceName,
  errorCode,
  errorMessage,
}: ErrorRow & { readonly resourceType: number; readonly resourceName: string }): ErrorRow {
  if (errorCode === 0) return { errorCode };
  const kind = wordOf(configResourceKinds, resourceType) ?? "resource";
  const { message } = KafkaError.of(errorCode, errorMessage);
  return { errorCode, errorMessage: `${kind} ${resourceName}: ${message}` };
}
