import { integerMember, textMember, type JsonObject } from "../records/json-members.ts";
import type { Metadata } from "../records/metadata.ts";
import type { RuleSet } from "../records/rule-set.ts";
import { readBesides } from "../records/stored-schema.ts";
import type { SchemaReference } from "@millrace/schema-registry";

/** A schema as a client sends it. */
export interface SchemaRequest {
  /** Empty: the latest version's is meant. */
  readonly schema: string;
  readonly schemaType: string;
  readonly references: readonly SchemaReference[];
  readonly metadata?: Metadata;
  readonly ruleSet?: RuleSet;
  readonly id?: number;
  /** -1: the one to come. */
  readonly version?: number;
}

/** @throws RegistryError `BAD_REQUEST`, `INVALID_SCHEMA` for a reference that is none */
export function readSchemaRequest(body: JsonObject): SchemaRequest {
  const id = integerMember(body, "id");
  const version = integerMember(body, "version");
  return {
    schema: textMember(body, "schema") ?? "",
    schemaType: textMember(body, "schemaType") ?? "AVRO",
    ...readBesides(body),
    ...(id === undefined || id < 0 ? {} : { id }),
    ...(version === undefined || version === 0 ? {} : { version }),
  };
}

export function isEmptySchema({ schema }: SchemaRequest): boolean {
  return schema.trim() === "";
}
