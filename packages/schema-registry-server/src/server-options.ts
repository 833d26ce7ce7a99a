import { connectOptionTable } from "@millrace/client";
import { httpOptionRows } from "@millrace/http";
import {
  choiceOption,
  durationOption,
  flagOption,
  numberOption,
  optionTable,
  bytesOption,
  textOption,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";
import { compatibilityLevels } from "@millrace/schema-registry";

const { host, tls, signIn, allowInsecure, allowedHosts, connectionsMax, requestsMax } =
  httpOptionRows;

const registryServerOptionRows = {
  /** Where the cluster is. */
  bootstrapServers: valueOption<
    string | readonly string[],
    { readonly isRequired: true; readonly kafka: string }
  >(
    {
      allowed: '"host:port,host:port", or a list of such texts',
      accepts: (given) =>
        typeof given === "string" ||
        (Array.isArray(given) && given.every((one) => typeof one === "string")),
    },
    { isRequired: true, kafka: "kafkastore.bootstrap.servers" },
  ),
  /** How the cluster is reached by TLS, as by the same option of a connection. */
  ssl: connectOptionTable.rows.ssl,
  /** How the registry shows the cluster who it is, likewise. */
  sasl: connectOptionTable.rows.sasl,
  /** Port of the REST API; 0 takes a free one. */
  port: numberOption({ max: 65_535, byDefault: 8081, kafka: "listeners" }),
  host,
  tls,
  signIn,
  allowInsecure,
  allowedHosts,
  connectionsMax,
  requestsMax,
  /** Of one request's body; more is answered with 413. */
  bodyBytesMax: bytesOption({ min: 1, byDefault: 2 * 2 ** 20 }),
  /** Of one record of the topic; a larger schema is refused with 42209. */
  recordBytesMax: bytesOption({ min: 1, byDefault: 2 ** 20, kafka: "max.request.size" }),
  /** The topic that holds everything; made if it is not there. */
  topic: textOption({ byDefault: "_schemas", kafka: "kafkastore.topic" }),
  /** Registries of one group share the topic, and choose a leader, who alone writes. */
  groupId: textOption({ byDefault: "schema-registry", kafka: "schema.registry.group.id" }),
  /**
   * Static membership: a start takes at once the seat of the one before it that had this id, and ended without leaving.
   * For one registry at a time.
   */
  groupInstanceId: textOption({ kafka: "group.instance.id" }),
  /** Name by which the other registries of the group reach this one. */
  advertisedHost: textOption({ defaultText: "`host`", kafka: "host.name" }),
  /** May become the leader. */
  leaderEligibility: flagOption({ byDefault: true, kafka: "leader.eligibility" }),
  /** A leader that is not heard of for so long is replaced. */
  sessionTimeout: durationOption({
    minMs: 100,
    byDefault: "10s",
    kafka: "kafkagroup.session.timeout.ms",
  }),
  /** Until a read or write of the topic counts as failed. */
  timeout: durationOption({ minMs: 1, byDefault: "10s", kafka: "kafkastore.timeout.ms" }),
  /** The level where nothing else says one. */
  compatibilityLevel: choiceOption(compatibilityLevels, {
    byDefault: "BACKWARD",
    kafka: "schema.compatibility.level",
  }),
  /** Whether modes may be changed. */
  modeMutability: flagOption({ byDefault: true, kafka: "mode.mutability" }),
  /** How long the start waits for the cluster. */
  startTimeout: durationOption({ minMs: 1, byDefault: "1m", kafka: "kafkastore.init.timeout.ms" }),
  /** Gives up the start when it aborts. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
  /** Codecs for a topic that was written compressed. */
  codecs: connectOptionTable.rows.codecs,
  /** What becomes of rule sets that are registered; Confluent's open server drops them. */
  ruleSets: choiceOption(["keep", "drop"], { byDefault: "keep" }),
};

/** How a registry is run; durations are `"5s"` or milliseconds. */
export interface SchemaRegistryServerOptions extends GivenOptions<
  typeof registryServerOptionRows
> {}

export type RegistryServerSettings = ReadOptions<typeof registryServerOptionRows>;

export const registryServerOptionTable = optionTable(
  "SchemaRegistryServer.start",
  registryServerOptionRows,
);
