import type { SchemaReference } from "@millrace/schema-registry";

import { RegistryError } from "../registry-error.ts";
import { guidOf } from "./guid.ts";
import {
  flagMember,
  integerMember,
  objectMember,
  objectsMember,
  textMember,
  type JsonObject,
} from "./json-members.ts";
import { readMetadata, type Metadata } from "./metadata.ts";
import { readRuleSet, type RuleSet } from "./rule-set.ts";

/** A version of a subject, as the topic has it. */
export interface StoredSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  /** `AVRO`, `PROTOBUF`, `JSON`, or one that a server with further formats has written. */
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata?: Metadata;
  readonly ruleSet?: RuleSet;
  readonly isDeleted: boolean;
  readonly guid: string;
  /** When its record was written. */
  readonly timestampMs: number;
}

/** The record's value. */
export function schemaValue(stored: Omit<StoredSchema, "guid" | "timestampMs">): JsonObject {
  const { subject, version, id, schemaType, schema, isDeleted } = stored;
  return { subject, version, id, schemaType, ...besides(stored), schema, deleted: isDeleted };
}

/** The members of a schema that may be left out. */
export function besides({
  references,
  metadata,
  ruleSet,
}: Pick<StoredSchema, "references" | "metadata" | "ruleSet">): JsonObject {
  return {
    ...(references.length > 0 ? { references } : {}),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
}

/** @throws RegistryError `BAD_REQUEST`: no value of a schema */
export function readStoredSchema(given: JsonObject, timestampMs: number): StoredSchema {
  const subject = textMember(given, "subject");
  const version = integerMember(given, "version");
  const id = integerMember(given, "id");
  const schema = textMember(given, "schema");
  if (subject === undefined || version === undefined || id === undefined || schema === undefined)
    throw new RegistryError("BAD_REQUEST", "subject, version, id and schema must be there");
  const content = { schema, ...readBesides(given) };
  return {
    subject,
    version,
    id,
    schemaType: textMember(given, "schemaType") ?? "AVRO",
    ...content,
    isDeleted: flagMember(given, "deleted") ?? false,
    guid: guidOf(content),
    timestampMs,
  };
}

/** @throws RegistryError `BAD_REQUEST` */
export function readBesides(
  given: JsonObject,
): Pick<StoredSchema, "references" | "metadata" | "ruleSet"> {
  const metadata = objectMember(given, "metadata");
  const ruleSet = objectMember(given, "ruleSet");
  return {
    references: (objectsMember(given, "references") ?? []).map(readReference),
    ...(metadata === undefined ? {} : { metadata: readMetadata(metadata) }),
    ...(ruleSet === undefined ? {} : { ruleSet: readRuleSet(ruleSet) }),
  };
}

function readReference(given: JsonObject): SchemaReference {
  const name = textMember(given, "name");
  const subject = textMember(given, "subject");
  const version = integerMember(given, "version");
  if (name === undefined || subject === undefined || version === undefined)
    throw new RegistryError(
      "INVALID_SCHEMA",
      `a reference has name, subject and version; there is ${JSON.stringify(given)}`,
    );
  return { name, subject, version };
}
