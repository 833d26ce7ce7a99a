import type { IncrementalAlterConfigsRequest } from "@millrace/protocol/definitions";
import type { BrokerConfig } from "../config/broker-config.ts";
import { ConfigError } from "../config/config-error.ts";
import { checkGroupProperties, groupConfigDefinitions } from "../config/group-config.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";

type RequestResource = IncrementalAlterConfigsRequest["resources"][number];

export const groupResourceType = 32;
const operations = { SET: 0, DELETE: 1 } as const;

/**
 * What changes of a group's properties; a group need not be there to have some.
 *
 * @throws ConfigError
 */
export function groupConfigRecords(
  { resourceName, configs }: RequestResource,
  before: ReadonlyMap<string, string>,
  broker: BrokerConfig,
): MetadataRecord[] {
  const after = new Map(before);
  for (const { name, configOperation, value } of configs) {
    if (!groupConfigDefinitions.has(name))
      throw new ConfigError("UNKNOWN_PROPERTY", name, `${name} is no property of a group`);
    if (configOperation === operations.DELETE || value === null) after.delete(name);
    else if (configOperation === operations.SET) after.set(name, value);
    else throw new ConfigError("INVALID_PROPERTY", name, `${name} is no list`);
  }
  checkGroupProperties(after, broker);
  return configs
    .filter(({ name }) => after.get(name) !== before.get(name))
    .map(({ name }) => ({
      kind: "config",
      value: {
        resourceType: groupResourceType,
        resourceName,
        name,
        value: after.get(name) ?? null,
      },
    }));
}
