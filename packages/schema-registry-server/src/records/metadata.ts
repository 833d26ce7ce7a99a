import {
  objectMember,
  sortedByName,
  textSetMember,
  textsMember,
  type JsonObject,
} from "./json-members.ts";

/** What is told of a schema beside its text (Confluent: `Metadata`). Names are sorted; what is empty is left out. */
export interface Metadata {
  /** Tags by path. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly properties?: Readonly<Record<string, string>>;
  /** Names of properties that are not to be shown. */
  readonly sensitive?: readonly string[];
}

const versionProperty = "confluent:version";

/** @throws RegistryError `BAD_REQUEST` */
export function readMetadata(given: JsonObject): Metadata {
  const tags = objectMember(given, "tags") ?? {};
  const sets = Object.keys(tags).map((path) => [path, textSetMember(tags, path) ?? []] as const);
  return metadataOf({
    tags: Object.fromEntries(sets),
    properties: textsMember(given, "properties"),
    sensitive: textSetMember(given, "sensitive"),
  });
}

function metadataOf({ tags = {}, properties = {}, sensitive = [] }: Metadata): Metadata {
  return {
    ...(Object.keys(tags).length > 0 ? { tags: sortedByName(tags) } : {}),
    ...(Object.keys(properties).length > 0 ? { properties: sortedByName(properties) } : {}),
    ...(sensitive.length > 0 ? { sensitive } : {}),
  };
}

/** The later one wins, name by name. */
export function mergeMetadata(
  earlier: Metadata | undefined,
  later: Metadata | undefined,
): Metadata | undefined {
  if (earlier === undefined || later === undefined) return later ?? earlier;
  return metadataOf({
    tags: { ...earlier.tags, ...later.tags },
    properties: { ...earlier.properties, ...later.properties },
    sensitive: [...new Set([...(earlier.sensitive ?? []), ...(later.sensitive ?? [])])].sort(),
  });
}

/** The version that a schema says it is, in a property that a registration with a version leaves. */
export function statedVersion(metadata: Metadata | undefined): string | undefined {
  return metadata?.properties?.[versionProperty];
}

export function withStatedVersion(metadata: Metadata | undefined, version: number): Metadata {
  const properties = { ...metadata?.properties, [versionProperty]: String(version) };
  return metadataOf({ ...metadata, properties });
}

export function withoutStatedVersion(metadata: Metadata | undefined): Metadata {
  const properties = Object.entries(metadata?.properties ?? {});
  const others = properties.filter(([name]) => name !== versionProperty);
  return metadataOf({ ...metadata, properties: Object.fromEntries(others) });
}

/** Whether it has all these properties. */
export function hasProperties(
  metadata: Metadata | undefined,
  wanted: ReadonlyMap<string, string>,
): boolean {
  if (metadata === undefined) return false;
  return [...wanted].every(([name, value]) => metadata.properties?.[name] === value);
}
