import type { RE2JS } from "re2js";
import { compilePattern } from "./compile-pattern.ts";
import { checkConfigValue, configList, parseConfigRows } from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";

/** What may be set for a subscription to clients' metrics (Kafka: `ClientMetricsConfigs`, KIP-714). */
export const clientMetricsDefinitions = parseConfigRows(`
interval.ms INT - d 300000
match LIST - d
metrics LIST - d
`);

const intervalMsMin = 100;
const intervalMsMax = 3_600_000;

const matchNames: ReadonlySet<string> = new Set([
  "client_instance_id",
  "client_id",
  "client_software_name",
  "client_software_version",
  "client_source_address",
  "client_source_port",
]);

/**
 * @throws ConfigError `UNKNOWN_PROPERTY` or `OUT_OF_RANGE`, which Kafka calls invalid requests; `INVALID_PROPERTY`
 */
export function checkClientMetricsProperties(properties: ReadonlyMap<string, string>): void {
  for (const name of properties.keys())
    if (!clientMetricsDefinitions.has(name))
      throw new ConfigError(
        "UNKNOWN_PROPERTY",
        name,
        `Unknown client metrics configuration: ${name}`,
      );
  for (const [name, definition] of clientMetricsDefinitions) {
    const value = properties.get(name);
    if (value === undefined) continue;
    checkConfigValue(definition, value);
    if (name === "interval.ms") checkInterval(Number(value));
    if (name === "match") matchingPatterns(value);
  }
}

function checkInterval(intervalMs: number): void {
  if (intervalMs >= intervalMsMin && intervalMs <= intervalMsMax) return;
  throw new ConfigError(
    "OUT_OF_RANGE",
    "interval.ms",
    `Invalid value ${intervalMs} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
  );
}

/** Which clients a subscription is for: all patterns must match as a whole. @throws ConfigError `INVALID_PROPERTY` */
export function matchingPatterns(match: string): ReadonlyMap<string, RE2JS> {
  return new Map(configList(match).map(patternOf));
}

function patternOf(text: string): readonly [name: string, pattern: RE2JS] {
  const [name, pattern, ...rest] = text.split("=").map((part) => part.trim());
  const isPair = pattern !== undefined && pattern !== "" && rest.length === 0;
  if (isPair && matchNames.has(name)) {
    // What clients call themselves is theirs to choose: the language's own expressions may take forever.
    const compiled = compilePattern(pattern);
    if (!("fault" in compiled)) return [name, compiled];
  }
  throw new ConfigError("INVALID_PROPERTY", "match", `Illegal client matching pattern: ${text}`);
}
