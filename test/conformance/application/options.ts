import { parseArgs } from "node:util";

import { applicationOptionTable } from "../../../packages/millrace/src/streams-app.ts";
import type { StreamsOptions } from "millrace";
import { asText, type JsonObject, type Program } from "../program.ts";

/** What a real application of one program is started with. */
export interface ApplicationPlan {
  readonly program: Program;
  readonly options: StreamsOptions;
}

export type ApplicationOptionErrorCode = "INVALID_OPTION" | "UNKNOWN_OPTION" | "UNSUPPORTED_OPTION";

/** An option that is wrong, or that the runtime does not have yet. */
export class ApplicationOptionError extends Error {
  readonly code: ApplicationOptionErrorCode;

  constructor(code: ApplicationOptionErrorCode, message: string) {
    super(message);
    this.name = "ApplicationOptionError";
    this.code = code;
  }
}

/** What the runtime has not yet: the only value that may be given. */
const onlyValues: Readonly<Record<string, string>> = {
  "num.stream.threads": "1",
  "num.standby.replicas": "0",
  "group.protocol": "classic",
};

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
    kafka === undefined ? [] : [[kafka, name] as const],
  ),
);

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
    ["num.standby.replicas", values.standbys],
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
    settings.set(name.replace(/^(main\.)?consumer\./, ""), value);
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

function parse(given: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        bootstrap: { type: "string", default: "" },
        state: { type: "string", default: "" },
        threads: { type: "string", default: "1" },
        commit: { type: "string", default: "100" },
        standbys: { type: "string", default: "0" },
        protocol: { type: "string", default: "classic" },
        replication: { type: "string", default: "-1" },
        set: { type: "string", multiple: true, default: [] },
      },
    });
    for (const name of ["bootstrap", "state"] as const)
      if (values[name] === "")
        throw new ApplicationOptionError("INVALID_OPTION", `--${name} must be given`);
    return values;
  } catch (error) {
    if (error instanceof ApplicationOptionError) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new ApplicationOptionError("UNKNOWN_OPTION", text);
  }
}

/** A setting under Kafka's name, as an option of ours. */
function optionOf(name: string, value: string): Readonly<Record<string, unknown>> {
  const only = onlyValues[name];
  if (only === value) return {};
  if (only !== undefined) {
    const text = `${name}=${value}: the runtime has only ${only} so far`;
    throw new ApplicationOptionError("UNSUPPORTED_OPTION", text);
  }
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
