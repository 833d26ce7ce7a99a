import { messageOf } from "@millrace/model";

import { isJsonObject, textMember, type JsonObject } from "../records/json-members.ts";
import { readMode } from "../records/mode.ts";
import { contextOf } from "../records/qualified-subject.ts";
import { readStoredSchema, type StoredSchema } from "../records/stored-schema.ts";
import { readConfig } from "../records/subject-config.ts";
import { decodeKey, isPositiveInteger, parsedJson, type TopicKey } from "../records/topic-keys.ts";
import type { RegistryState } from "./registry-state.ts";

export interface TopicRecord {
  readonly key: Uint8Array | null;
  /** Null: removes what has the key. */
  readonly value: Uint8Array | null;
  readonly timestampMs: number;
}

/**
 * What became of a record.
 *
 * `refused`: it gives away an id that another schema has, or a version that is another schema's: two leaders met, or a
 * write came late. Every reader of the topic refuses it; the leader writes over it what its key had before.
 */
export type RecordOutcome =
  | { readonly kind: "applied" }
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "refused"; readonly key: TopicKey & { readonly kind: "SCHEMA" } };

const applied: RecordOutcome = { kind: "applied" };

/**
 * SCHEMAS-1: the state is a fold over the topic, the same for each reader; what is compacted away changes nothing.
 * SCHEMAS-2: within a context an id stays with the schema that had it first, until that is deleted for good.
 */
export function applyRecord(state: RegistryState, record: TopicRecord): RecordOutcome {
  const key = record.key === null ? undefined : decodeKey(record.key);
  if (key === undefined)
    return { kind: "unreadable", reason: "its key says nothing to this registry" };
  const value = record.value === null ? null : parsedJson(record.value);
  if (value !== null && !isJsonObject(value))
    return { kind: "unreadable", reason: "its value is no JSON object" };
  try {
    return apply(state, { key, value, timestampMs: record.timestampMs });
  } catch (error) {
    return { kind: "unreadable", reason: messageOf(error) };
  }
}

interface ParsedRecord {
  readonly key: TopicKey;
  readonly value: JsonObject | null;
  readonly timestampMs: number;
}

function apply(state: RegistryState, { key, value, timestampMs }: ParsedRecord): RecordOutcome {
  switch (key.kind) {
    case "SCHEMA":
      if (value !== null) return applySchema(state, key, readStoredSchema(value, timestampMs));
      state.remove(key.subject, key.version);
      break;
    case "DELETE_SUBJECT":
      if (value !== null) deleteSubject(state, value);
      break;
    case "CLEAR_SUBJECT":
      if (value !== null) clearSubject(state, key.subject);
      break;
    case "CONFIG":
      state.configs.set(key.subject, value === null ? undefined : readConfig(value));
      break;
    case "MODE":
      state.modes.set(
        key.subject,
        value === null ? undefined : readMode(textMember(value, "mode")),
      );
      break;
    case "CONTEXT":
      if (value === null) state.forgetContext(key.context);
      else state.nameContext(key.context);
      break;
    case "NOOP":
      if (value !== null) raiseIds(state, value);
      break;
  }
  return applied;
}

function applySchema(
  state: RegistryState,
  key: TopicKey & { readonly kind: "SCHEMA" },
  given: StoredSchema,
): RecordOutcome {
  const { subject, version } = key;
  const stored = { ...given, subject, version };
  const holder = state.byId(contextOf(subject), stored.id);
  if (holder !== undefined && holder.schema !== stored.schema) return { kind: "refused", key };
  const before = state.version(subject, version);
  const isOther = before !== undefined && before.guid !== stored.guid;
  const mayOverwrite = state.modes.inScope(subject) === "IMPORT";
  if (isOther && !before.isDeleted && !mayOverwrite) return { kind: "refused", key };
  state.put(stored);
  return applied;
}

/** All versions up to one are soft-deleted by one record. */
function deleteSubject(state: RegistryState, value: JsonObject): void {
  const subject = textMember(value, "subject");
  const last = Number(value["version"]);
  if (subject === undefined) return;
  for (const stored of state.versions(subject))
    if (stored.version <= last && !stored.isDeleted) state.put({ ...stored, isDeleted: true });
}

/** Before IMPORT: what is soft-deleted is gone. */
function clearSubject(state: RegistryState, scope: string | undefined): void {
  for (const subject of state.subjectsWithin(scope))
    for (const { version, isDeleted } of state.versions(subject))
      if (isDeleted) state.remove(subject, version);
}

/** Ids that were given, and whose schemas are deleted for good, see decision 047. */
function raiseIds(state: RegistryState, value: JsonObject): void {
  const { idsMax } = value;
  if (!isJsonObject(idsMax)) return;
  for (const [name, id] of Object.entries(idsMax)) {
    if (!isPositiveInteger(id)) continue;
    const context = state.context(name);
    context.idMax = Math.max(context.idMax, id);
  }
}
