/** Kafka: `ConfigResource.Type`. */
export const resourceTypes = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const;

export interface ConfigChange {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly name: string;
  readonly value: string | null;
}

const noProperties: ReadonlyMap<string, string> = new Map();

/** What is set for resources other than topics, which need not be there to have some. */
export class ResourceConfigs {
  readonly #byType = new Map<number, Map<string, ReadonlyMap<string, string>>>();

  of(resourceType: number, name: string): ReadonlyMap<string, string> {
    return this.#byType.get(resourceType)?.get(name) ?? noProperties;
  }

  /** Resources of the type for which something is set. */
  names(resourceType: number): readonly string[] {
    return [...(this.#byType.get(resourceType)?.keys() ?? [])];
  }

  /** What is set, each with the change that has set it. */
  *all(): Generator<ConfigChange> {
    for (const [resourceType, resources] of this.#byType)
      for (const [resourceName, properties] of resources)
        for (const [name, value] of properties) yield { resourceType, resourceName, name, value };
  }

  replay({ resourceType, resourceName, name, value }: ConfigChange): void {
    const resources = this.#byType.get(resourceType) ?? new Map();
    const properties = new Map<string, string>(resources.get(resourceName));
    if (value === null) properties.delete(name);
    else properties.set(name, value);
    if (properties.size === 0) resources.delete(resourceName);
    else resources.set(resourceName, properties);
    this.#byType.set(resourceType, resources);
  }
}
