import {
  compatibilityLevels,
  type CompatibilityLevel,
  type CompatibilityPolicy,
} from "@millrace/schema-registry";

import { RegistryError } from "../registry-error.ts";
import { flagMember, objectMember, textMember, type JsonObject } from "./json-members.ts";
import { readMetadata, type Metadata } from "./metadata.ts";
import { checkRuleSet, readRuleSet, type RuleSet } from "./rule-set.ts";

/** Settings of a subject, a context or the whole (Confluent: `Config`). */
export interface SubjectConfig {
  /** Another subject that is meant by this one. */
  readonly alias?: string;
  readonly normalize?: boolean;
  readonly validateFields?: boolean;
  readonly compatibilityLevel?: CompatibilityLevel;
  readonly compatibilityPolicy?: CompatibilityPolicy;
  /** Property of the metadata: only versions with the same value are compared. */
  readonly compatibilityGroup?: string;
  readonly defaultMetadata?: Metadata;
  readonly overrideMetadata?: Metadata;
  readonly defaultRuleSet?: RuleSet;
  readonly overrideRuleSet?: RuleSet;
  /** Kept for a registry that knows them: this one applies none of the three. */
  readonly aliasForDeks?: string;
  readonly validateNewSchemas?: boolean;
  readonly validateRules?: boolean;
}

/**
 * Settings of a request or a record, whose level is called `compatibility` in the one and `compatibilityLevel` in the
 * other. Only members that are named are there; one that is null is named, as undefined.
 *
 * @throws RegistryError `INVALID_COMPATIBILITY_LEVEL`, `INVALID_RULE_SET`, `BAD_REQUEST`
 */
export function readConfig(given: JsonObject): SubjectConfig {
  const policy = textMember(given, "compatibilityPolicy")?.toUpperCase();
  const read: Readonly<Record<keyof SubjectConfig, () => unknown>> = {
    alias: () => textMember(given, "alias"),
    normalize: () => flagMember(given, "normalize"),
    validateFields: () => flagMember(given, "validateFields"),
    compatibilityLevel: () => readLevel(given),
    // A policy that is none counts as not set, as Confluent's registry has it.
    compatibilityPolicy: () => (policy === "STRICT" || policy === "LENIENT" ? policy : undefined),
    compatibilityGroup: () => textMember(given, "compatibilityGroup"),
    defaultMetadata: () => metadataMember(given, "defaultMetadata"),
    overrideMetadata: () => metadataMember(given, "overrideMetadata"),
    defaultRuleSet: () => ruleSetMember(given, "defaultRuleSet"),
    overrideRuleSet: () => ruleSetMember(given, "overrideRuleSet"),
    aliasForDeks: () => textMember(given, "aliasForDeks"),
    validateNewSchemas: () => flagMember(given, "validateNewSchemas"),
    validateRules: () => flagMember(given, "validateRules"),
  };
  const isNamed = (name: string): boolean =>
    Object.hasOwn(given, name) ||
    (name === "compatibilityLevel" && Object.hasOwn(given, "compatibility"));
  const named = Object.entries(read).filter(([name]) => isNamed(name));
  return Object.fromEntries(named.map(([name, value]) => [name, value()])); // by the table above
}

function readLevel(given: JsonObject): CompatibilityLevel | undefined {
  const text = textMember(given, "compatibility") ?? textMember(given, "compatibilityLevel");
  if (text === undefined) return undefined;
  const level = compatibilityLevels.find((one) => one === text.toUpperCase());
  if (level !== undefined) return level;
  throw new RegistryError(
    "INVALID_COMPATIBILITY_LEVEL",
    `${JSON.stringify(text)} is no level of compatibility; give one of ${compatibilityLevels.join(", ")}`,
  );
}

function metadataMember(given: JsonObject, name: string): Metadata | undefined {
  const object = objectMember(given, name);
  return object === undefined ? undefined : readMetadata(object);
}

function ruleSetMember(given: JsonObject, name: string): RuleSet | undefined {
  const object = objectMember(given, name);
  if (object === undefined) return undefined;
  const ruleSet = readRuleSet(object);
  checkRuleSet(ruleSet);
  return ruleSet;
}

/** Without the members that are not set. */
export function setMembers(config: SubjectConfig): SubjectConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** As a request has it, and its answer. */
export function configAnswer(config: SubjectConfig): JsonObject {
  const { compatibilityLevel, ...rest } = setMembers(config);
  return compatibilityLevel === undefined
    ? { ...rest }
    : { ...rest, compatibility: compatibilityLevel };
}

/** What a subject leaves open, the whole decides; not its alias, level, metadata and rules. */
export function configWithin(own: SubjectConfig, whole: SubjectConfig): SubjectConfig {
  const { normalize, validateFields, compatibilityPolicy, compatibilityGroup } = whole;
  const open = { normalize, validateFields, compatibilityPolicy, compatibilityGroup };
  return { ...setMembers(open), ...setMembers(own) };
}
