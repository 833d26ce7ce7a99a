import type {
  SchemaReference,
  SchemaRegistry,
  SchemaType,
  SubjectVersion,
} from "@millrace/schema-registry";

import type { FactCase } from "./facts.ts";

/** A record as it was written, and what it was written with. */
export interface WireCase extends FactCase {
  readonly format: SchemaType;
  readonly subject: string;
  readonly id: number;
  readonly guid?: string;
  readonly schema: string;
  readonly references?: readonly (SchemaReference & { readonly schema: string })[];
  readonly value: unknown;
  readonly bytes: string;
  readonly header?: { readonly key: string; readonly hex: string };
}

/** A registry that holds what one record was written with, under the recorded id. */
export function caseRegistry(given: WireCase): SchemaRegistry {
  const { format: schemaType, subject, id, guid, schema, references = [] } = given;
  const about = { schemaType, ...(guid === undefined ? {} : { guid }) };
  const own: SubjectVersion = { ...about, subject, version: 1, id, schema, references };
  const versions = [own, ...references.map((one) => ({ ...one, ...about, id: 0, references: [] }))];
  const find = (matches: (one: SubjectVersion) => boolean): SubjectVersion => {
    const found = versions.find(matches);
    if (found === undefined) throw new Error(`${given.name} holds no such schema`);
    return found;
  };
  return {
    name: given.name,
    clock: { monotonicMs: () => 0 },
    schemaById: (wanted) => find((one) => one.id === wanted),
    schemaByGuid: (wanted) => find((one) => one.guid === wanted),
    referencedVersion: (name, version) =>
      find((one) => one.subject === name && one.version === version),
    latestVersion: (name) => find((one) => one.subject === name),
    register: (name) => find((one) => one.subject === name),
    lookUp: (name) => find((one) => one.subject === name),
  };
}
