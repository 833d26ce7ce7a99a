import type { CompatibilityLevel } from "../format/check-compatibility.ts";
import type { CompatibilityPolicy, SchemaReference, SchemaType } from "../format/schema-format.ts";
import type {
  RegisteredSchema,
  Registration,
  SchemaMetadata,
  SchemaRuleSet,
  SubjectVersion,
} from "../registry/schema-registry.ts";

/** Reads one kind of answer; undefined: it has another shape. */
export type Shape<T> = (json: unknown) => T | undefined;

type Members = Readonly<Record<string, unknown>>;

function membersOf(json: unknown): Members | undefined {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as Members) // each member is looked at
    : undefined;
}

export const text: Shape<string> = (json) => (typeof json === "string" ? json : undefined);
/** An id or a version. */
export const number: Shape<number> = (json) => (isInteger(json) ? json : undefined);
export const nothing: Shape<true> = () => true;

/** Of 32 bits: another would be cut where it stands before a record's value. Ids go on below zero. */
function isInteger(json: unknown): json is number {
  return typeof json === "number" && Number.isInteger(json) && Math.abs(json) <= 2 ** 31;
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (json) => {
    if (!Array.isArray(json)) return undefined;
    const items = json.map(shape);
    return items.every((item) => item !== undefined) ? items : undefined;
  };
}

/** The fields of a schema. A server of 7.x leaves out the type of Avro, and what it does not know. */
export const registeredSchema: Shape<RegisteredSchema> = (json) => {
  const members = membersOf(json);
  if (members === undefined || typeof members["schema"] !== "string") return undefined;
  const { schema, schemaType, guid } = members;
  const references = listOf(reference)(members["references"] ?? []);
  const metadata = membersOf(members["metadata"]) as SchemaMetadata | undefined; // shown as it is
  const ruleSet = membersOf(members["ruleSet"]) as SchemaRuleSet | undefined; // likewise
  if (references === undefined) return undefined;
  return {
    schema,
    // A type that we do not know is told by whoever cannot use it.
    schemaType: (typeof schemaType === "string" ? schemaType : "AVRO") as SchemaType,
    references,
    ...(typeof guid === "string" ? { guid } : {}),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
};

const reference: Shape<SchemaReference> = (json) => {
  const { name, subject, version } = membersOf(json) ?? {};
  return typeof name === "string" && typeof subject === "string" && isInteger(version)
    ? { name, subject, version }
    : undefined;
};

export const subjectVersion: Shape<SubjectVersion> = (json) => {
  const { subject, version, id, deleted } = membersOf(json) ?? {};
  const schema = registeredSchema(json);
  if (schema === undefined || typeof subject !== "string") return undefined;
  if (!isInteger(version) || !isInteger(id)) return undefined;
  return { subject, version, id, ...schema, ...(deleted === true ? { deleted } : {}) };
};

export const registration: Shape<Registration> = (json) => {
  const { id, version, guid } = membersOf(json) ?? {};
  if (!isInteger(id)) return undefined;
  return {
    id,
    ...(isInteger(version) ? { version } : {}),
    ...(typeof guid === "string" ? { guid } : {}),
  };
};

/** Where a schema stands. */
export interface SubjectVersionName {
  readonly subject: string;
  readonly version: number;
}

export const subjectVersionName: Shape<SubjectVersionName> = (json) => {
  const { subject, version } = membersOf(json) ?? {};
  return typeof subject === "string" && isInteger(version) ? { subject, version } : undefined;
};

/** The id of a schema in a context. */
export interface ContextId {
  readonly context: string;
  readonly id: number;
}

export const contextId: Shape<ContextId> = (json) => {
  const { context, id } = membersOf(json) ?? {};
  return typeof context === "string" && isInteger(id) ? { context, id } : undefined;
};

export interface RegistryCompatibility {
  readonly isCompatible: boolean;
  /** What breaks, in the registry's words; empty where nothing does. */
  readonly messages: readonly string[];
}

export const compatibility: Shape<RegistryCompatibility> = (json) => {
  const { is_compatible: isCompatible, messages } = membersOf(json) ?? {};
  if (typeof isCompatible !== "boolean") return undefined;
  return { isCompatible, messages: listOf(text)(messages) ?? [] };
};

/** Settings of a subject, a context, or the whole (Confluent: `Config`). A change leaves what it does not name. */
export interface RegistryConfig {
  readonly compatibility?: CompatibilityLevel;
  readonly compatibilityPolicy?: CompatibilityPolicy;
  readonly compatibilityGroup?: string;
  readonly normalize?: boolean;
  /** Another subject that stands for this one. */
  readonly alias?: string;
  readonly validateFields?: boolean;
  readonly defaultMetadata?: SchemaMetadata;
  readonly overrideMetadata?: SchemaMetadata;
  readonly defaultRuleSet?: SchemaRuleSet;
  readonly overrideRuleSet?: SchemaRuleSet;
}

/** The level is `compatibilityLevel` in some answers, `compatibility` in others. */
export const config: Shape<RegistryConfig> = (json) => {
  const members = membersOf(json);
  if (members === undefined) return undefined;
  const { compatibilityLevel, ...others } = members;
  const level = compatibilityLevel ?? others["compatibility"];
  if (level !== undefined && typeof level !== "string") return undefined;
  return (level === undefined ? others : { ...others, compatibility: level }) as RegistryConfig; // shown as it is
};

/** What a registry, or a subject, lets be done. */
export type RegistryMode = "READWRITE" | "READONLY" | "READONLY_OVERRIDE" | "IMPORT" | "FORWARD";

export const mode: Shape<RegistryMode> = (json) => {
  const found = membersOf(json)?.["mode"];
  return typeof found === "string" ? (found as RegistryMode) : undefined; // shown as it is
};

export interface RegistryVersion {
  readonly version: string;
  readonly commitId: string;
}

export const registryVersion: Shape<RegistryVersion> = (json) => {
  const { version, commitId } = membersOf(json) ?? {};
  return typeof version === "string"
    ? { version, commitId: typeof commitId === "string" ? commitId : "" }
    : undefined;
};

/** Ids of the clusters, by their kinds. */
export const clusterIds: Shape<Readonly<Record<string, string>>> = (json) => {
  const scope = membersOf(membersOf(json)?.["scope"])?.["clusters"];
  const clusters = membersOf(scope);
  return clusters === undefined
    ? undefined
    : Object.fromEntries(Object.entries(clusters).map(([kind, id]) => [kind, String(id)]));
};
