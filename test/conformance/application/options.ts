import { applicationOptionTable } from "../../../packages/millrace/src/streams-options.ts";
import type { StreamsOptions } from "millrace";
import { asText, type JsonObject, type Program } from "../program.ts";

/** What a real application of one program is started with. */
export interface ApplicationPlan {
  readonly program: Program;
  readonly options: StreamsOptions;
}

export type ApplicationOptionErrorCode = "INVALID_OPTION" | "UNKNOWN_OPTION";

/** An option that is wrong. */
export class ApplicationOptionError extends Error {
  readonly code: ApplicationOptionErrorCode;

  constructor(code: ApplicationOptionErrorCode, message: string) {
    super(message);
    this.name = "ApplicationOptionError";
    this.code = code;
  }
}

/** Settings that a program has in its `config`. */
const programSettings: Readonly<Record<string, (value: string) => JsonObject>> = {
  "topology.optimization": (value) => ({ optimize: value }),
  "ensure.explicit.internal.resource.naming": (value) => ({ explicitNames: value === "true" }),
  "dsl.store.suppliers.class": (value) => ({
    stores: value.includes("RocksDB") ? "rocksdb" : "memory",
  }),
};

const optionsByKafkaName = new Map(
  Object.entries(applicationOptionTable.rows).flatMap(([name, { kafka }]) =>
    kafka === undefined ? [] : [[withoutClient(kafka), name] as const],
  ),
);

/** A setting's name without the client that it is for. */
function withoutClient(name: string): string {
  return name.replace(/^(?:main\.)?consumer\.|^producer\./, "");
}

/**
 * `--bootstrap HOST:PORT --state DIR [--threads N] [--commit MS] [--standbys N] [--protocol classic|streams]
 * [--replication N] [--set NAME=VALUE]…`, as the oracle's `application` has them; names are Kafka's.
 *
 * @throws ApplicationOptionError
 */
export function readApplicationOptions(
  given: readonly string[],
  program: Program,
): ApplicationPlan {
  const values = parse(given);
  const settings = new Map([
    ["num.stream.threads", values.threads],
    // The streams protocol has them in the group's config, and Kafka does not look at this one there.
    ...(values.protocol === "streams" ? [] : [["num.standby.replicas", values.standbys] as const]),
    ["group.protocol", values.protocol],
    ["commit.interval.ms", values.commit],
    ["replication.factor", values.replication],
    ["auto.offset.reset", "earliest"],
    ["session.timeout.ms", "10000"],
    ["metadata.max.age.ms", "1000"],
  ]);
  for (const setting of values.set) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined || value === undefined)
      throw new ApplicationOptionError("INVALID_OPTION", `--set ${setting}: write NAME=VALUE`);
    settings.set(withoutClient(name), value);
  }
  let config = program.config ?? {};
  const options: Record<string, unknown> = {};
  for (const [name, value] of settings) {
    const forProgram = programSettings[name];
    if (forProgram === undefined) Object.assign(options, optionOf(name, value));
    else config = { ...config, ...forProgram(value) };
  }
  return {
    program: { ...program, config },
    options: {
      ...configOptions(config),
      cluster: values.bootstrap,
      stateDirectory: values.state,
      ...options,
    },
  };
}

const texts = ["bootstrap", "state", "protocol"];
const numbers = ["threads", "commit", "standbys", "replication"];

/** Each parameter is followed by its value, which may begin with a dash. */
function parse(given: readonly string[]) {
  const set: string[] = [];
  const found = new Map<string, string>();
  for (let at = 0; at < given.length; at += 2) {
    const [flag, value] = given.slice(at);
    const name = flag.replace(/^--/, "");
    if (name === flag || ![...texts, ...numbers, "set"].includes(name))
      throw new ApplicationOptionError("UNKNOWN_OPTION", `${flag} is no parameter`);
    if (value === undefined)
      throw new ApplicationOptionError("INVALID_OPTION", `${flag} needs a value`);
    if (numbers.includes(name) && !/^-?\d+$/.test(value))
      throw new ApplicationOptionError("INVALID_OPTION", `${flag} ${value}: write a whole number`);
    if (name === "set") set.push(value);
    else found.set(name, value);
  }
  const needed = (name: string): string => {
    const value = found.get(name);
    if (value === undefined)
      throw new ApplicationOptionError("INVALID_OPTION", `--${name} must be given`);
    return value;
  };
  return {
    bootstrap: needed("bootstrap"),
    state: needed("state"),
    threads: found.get("threads") ?? "1",
    commit: found.get("commit") ?? "100",
    standbys: found.get("standbys") ?? "0",
    protocol: found.get("protocol") ?? "classic",
    replication: found.get("replication") ?? "-1",
    set,
  };
}

/** A setting under Kafka's name, as an option of ours. */
function optionOf(name: string, value: string): Readonly<Record<string, unknown>> {
  const option = optionsByKafkaName.get(name);
  if (option === undefined)
    throw new ApplicationOptionError("UNKNOWN_OPTION", `${name} is no setting of an application`);
  return { [option]: valueOf(name, value) };
}

function valueOf(name: string, value: string): string | number {
  if (name === "processing.guarantee") return value.replace(/_v2$/, "");
  if (name.endsWith(".handler")) return value.includes("Continue") ? "continue" : "fail";
  return /^-?\d+$/.test(value) && name !== "application.id" ? Number(value) : value;
}

/** What a program's `config` says of the application, with the oracle's defaults. */
function configOptions(config: JsonObject): Omit<StreamsOptions, "cluster"> {
  const { deadLetterTopic, maxTaskIdleMs, guarantee } = config;
  const policy = (name: string) => (config[name] === "continue" ? "continue" : "fail");
  return {
    applicationId: asText(config["app"] ?? "app"),
    processingGuarantee: guarantee === "exactlyOnce" ? "exactly_once" : "at_least_once",
    cacheBytesMax: Number(config["cacheBytes"] ?? 0),
    onDeserializationError: policy("onDeserializationError"),
    onProcessingError: policy("onProcessingError"),
    onProductionError: policy("onProductionError"),
    ...(deadLetterTopic === undefined ? {} : { deadLetterTopic: asText(deadLetterTopic) }),
    ...(maxTaskIdleMs === undefined ? {} : { maxTaskIdle: Number(maxTaskIdleMs) }),
  };
}
