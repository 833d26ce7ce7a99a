import { ConfigError } from "./config-error.ts";

/** Kafka: `ConfigDef.Type`. */
export type ConfigType =
  | "BOOLEAN"
  | "STRING"
  | "INT"
  | "SHORT"
  | "LONG"
  | "DOUBLE"
  | "LIST"
  | "CLASS"
  | "PASSWORD";

/** One property: its type, its bounds, and what stands for it where it is not set. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** As in the rows: `-`, `a..b`, `a..b|c`, `=one,of`, `~one,of`. */
  readonly bounds: string;
  /** Null: Kafka has none. */
  readonly defaultValue: string | null;
  /** Kafka lets it be changed while it runs. */
  readonly isDynamic: boolean;
  /** False: taken, with a warning, and without effect. */
  readonly hasMeaning: boolean;
  /** Properties of the broker that give a topic's default, nearest first. */
  readonly brokerProperties: readonly string[];
}

/** Reads a table of rows, as `broker-config-rows.ts` describes them. */
export function parseConfigRows(rows: string): ReadonlyMap<string, ConfigDefinition> {
  const definitions = new Map<string, ConfigDefinition>();
  for (const row of rows.trim().split("\n")) {
    const [head, tail = ""] = row.split(" ;");
    const [name, type, bounds, flags, ...rest] = head.split(" ");
    const defaultValue = rest.join(" ");
    definitions.set(name, {
      name,
      // The rows hold the names of the types and nothing else.
      type: type as ConfigType,
      bounds,
      defaultValue: defaultValue === "null" || defaultValue === "required" ? null : defaultValue,
      isDynamic: flags.includes("d"),
      hasMeaning: flags.includes("m"),
      brokerProperties: tail
        .trim()
        .split(",")
        .filter((property) => property !== ""),
    });
  }
  return definitions;
}

const integerRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  INT: [-(2n ** 31n), 2n ** 31n - 1n],
  SHORT: [-(2n ** 15n), 2n ** 15n - 1n],
  LONG: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** @throws ConfigError `INVALID_PROPERTY` */
export function checkConfigValue(definition: ConfigDefinition, text: string): void {
  const value = text.trim();
  switch (definition.type) {
    case "BOOLEAN":
      if (!/^(true|false)$/i.test(value))
        throw refused(definition, text, "Expected value to be either true or false");
      return;
    case "INT":
    case "SHORT":
    case "LONG":
      return checkInteger(definition, value);
    case "DOUBLE":
      if (value === "" || Number.isNaN(Number(value)))
        throw refused(definition, text, "Not a number of type DOUBLE");
      return checkRange(definition, Number(value));
    case "LIST":
      for (const element of configList(value)) checkChoice(definition, element);
      return;
    case "STRING":
    case "CLASS":
    case "PASSWORD":
      return checkChoice(definition, value);
  }
}

/**
 * A value as Kafka tells it once it has been parsed (Kafka: `ConfigDef.convertToString`): numbers without sign and
 * blanks, lists without blanks and repetitions.
 */
export function canonicalConfigValue({ type }: ConfigDefinition, text: string): string {
  const value = text.trim();
  switch (type) {
    case "BOOLEAN":
      return value.toLowerCase();
    case "INT":
    case "SHORT":
    case "LONG":
      return BigInt(value.replace("+", "")).toString();
    case "DOUBLE":
      return Number.isInteger(Number(value)) ? Number(value).toFixed(1) : String(Number(value));
    case "LIST":
      return [...new Set(configList(value))].join(",");
    case "STRING":
    case "CLASS":
    case "PASSWORD":
      return value;
  }
}

/** Elements of a list, without white space around them; an empty text has none. */
export function configList(value: string): readonly string[] {
  const trimmed = value.trim();
  return trimmed === "" ? [] : trimmed.split(/\s*,\s*/);
}

function checkInteger(definition: ConfigDefinition, value: string): void {
  const [min, max] = integerRanges[definition.type];
  const isInteger = /^[+-]?\d+$/.test(value);
  const number = isInteger ? BigInt(value.replace("+", "")) : 0n;
  if (!isInteger || number < min || number > max)
    throw refused(definition, value, `Not a number of type ${definition.type}`);
  checkRange(definition, Number(number));
}

function checkRange(definition: ConfigDefinition, number: number): void {
  if (!definition.bounds.includes("..")) return;
  const [range, exception] = definition.bounds.split("|");
  const [low, high] = range.split("..");
  if (exception !== undefined && number === Number(exception)) return;
  const isLow = low !== "" && number < Number(low);
  const isHigh = high !== "" && number > Number(high);
  if (!isLow && !isHigh) return;
  const shown = canonicalConfigValue(definition, String(number));
  if (exception !== undefined)
    throw refused(
      definition,
      shown,
      `Value must be between ${low} and ${high} or equal to ${exception}`,
    );
  const rule = isLow ? `Value must be at least ${low}` : `Value must be no more than ${high}`;
  throw refused(definition, shown, rule);
}

function checkChoice(definition: ConfigDefinition, value: string): void {
  const { bounds } = definition;
  const choices = bounds.slice(1).split(",");
  if (bounds.startsWith("=") && !choices.includes(value))
    throw refused(definition, value, `String must be one of: ${choices.join(", ")}`);
  if (bounds.startsWith("~") && !choices.includes(value.toUpperCase()))
    throw refused(
      definition,
      value,
      `String must be one of (case insensitive): ${choices.join(", ")}`,
    );
}

/** As Kafka says it. */
function refused(definition: ConfigDefinition, value: string, rule: string): ConfigError {
  const shown = definition.type === "PASSWORD" ? "[hidden]" : value;
  return new ConfigError(
    "INVALID_PROPERTY",
    definition.name,
    `Invalid value ${shown} for configuration ${definition.name}: ${rule}`,
  );
}
