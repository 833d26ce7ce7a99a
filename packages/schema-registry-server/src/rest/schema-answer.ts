import { besides, type StoredSchema } from "../records/stored-schema.ts";
import type { JsonObject } from "../records/json-members.ts";
import { contextOf, defaultContext, subjectBeside } from "../records/qualified-subject.ts";
import type { Registry } from "../registry/registry.ts";
import type { Query } from "./route.ts";

/** The schema's text in the form that was asked for. */
export function textIn({ parser }: Registry, stored: StoredSchema, query: Query): string {
  const format = query.text("format")?.trim() ?? "";
  return format === "" ? stored.schema : parser.parseStored(stored).formatted(format);
}

/** Of a read: with all that is known of the version. */
export function schemaAnswer(registry: Registry, stored: StoredSchema, query: Query): JsonObject {
  const { subject, version, id, guid, schemaType, timestampMs, isDeleted } = stored;
  const references =
    query.text("referenceFormat") === "qualified" && contextOf(subject) !== defaultContext
      ? stored.references.map((one) => ({ ...one, subject: subjectBeside(subject, one.subject) }))
      : stored.references;
  return {
    subject,
    version,
    id,
    guid,
    schemaType,
    ...besides({ ...stored, references }),
    schema: textIn(registry, stored, query),
    ts: timestampMs,
    deleted: isDeleted,
  };
}

/** Of a registration. */
export function registeredAnswer(
  registry: Registry,
  stored: StoredSchema,
  query: Query,
): JsonObject {
  const { id, version, guid, schemaType } = stored;
  const schema = textIn(registry, stored, query);
  return { id, version, guid, schemaType, ...besides(stored), schema };
}
