import { encodeUtf8 } from "@millrace/model";
import { crc32c } from "@millrace/protocol/wire";
import { matchingPatterns } from "../config/client-metrics-config.ts";
import { configList } from "../config/config-definition.ts";
import { type ResourceConfigs, resourceTypes } from "../metadata/resource-configs.ts";

/** What a client is, by the names that a subscription's patterns use. */
export type ClientAttributes = ReadonlyMap<string, string>;

/** What a client is asked for, of all subscriptions that it matches. */
export interface Subscription {
  readonly id: number;
  readonly metrics: readonly string[];
  readonly pushIntervalMs: number;
}

const pushIntervalMsDefault = 300_000;
const allMetrics = "*";

export function subscriptionOf(configs: ResourceConfigs, client: ClientAttributes): Subscription {
  const metrics = new Set<string>();
  let pushIntervalMs = pushIntervalMsDefault;
  for (const name of configs.names(resourceTypes.CLIENT_METRICS)) {
    const properties = configs.of(resourceTypes.CLIENT_METRICS, name);
    if (!isFor(client, properties.get("match") ?? "")) continue;
    for (const metric of configList(properties.get("metrics") ?? "")) metrics.add(metric);
    const intervalMs = Number(properties.get("interval.ms") ?? pushIntervalMsDefault);
    pushIntervalMs = Math.min(pushIntervalMs, intervalMs);
  }
  const asked = metrics.has(allMetrics) ? [allMetrics] : [...metrics].toSorted();
  return { id: idOf(asked, pushIntervalMs, client), metrics: asked, pushIntervalMs };
}

function isFor(client: ClientAttributes, match: string): boolean {
  return [...matchingPatterns(match)].every(([name, pattern]) => {
    const attribute = client.get(name);
    return attribute !== undefined && pattern.matches(attribute);
  });
}

/** Another one for another client, or for what is asked of it later. */
function idOf(metrics: readonly string[], intervalMs: number, client: ClientAttributes): number {
  const asked = encodeUtf8(`${metrics.join(",")}/${intervalMs}`);
  return crc32c(asked) ^ crc32c(encodeUtf8(client.get("client_instance_id") ?? ""));
}
