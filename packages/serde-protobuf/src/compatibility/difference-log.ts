import type { SchemaDifference } from "@millrace/schema-registry";

import type { NameScope } from "../schema/name-scope.ts";

/** Kinds that a reader copes with. */
const allowedKinds: ReadonlySet<string> = new Set([
  "MESSAGE_ADDED",
  "MESSAGE_MOVED",
  "ENUM_ADDED",
  "ENUM_REMOVED",
  "ENUM_CONST_ADDED",
  "ENUM_CONST_CHANGED",
  "ENUM_CONST_REMOVED",
  "FIELD_ADDED",
  "FIELD_REMOVED",
  "FIELD_NAME_CHANGED",
  "FIELD_STRING_OR_BYTES_LABEL_CHANGED",
  "ONEOF_ADDED",
  "ONEOF_REMOVED",
  "ONEOF_FIELD_ADDED",
  "ONEOF_FIELD_MOVED_TO_TOP_LEVEL",
]);

/** What each kind says, after "at PATH: ". */
const sentences = {
  PACKAGE_CHANGED: "the package changed",
  MESSAGE_ADDED: "a message was added",
  MESSAGE_REMOVED: "a message was removed",
  MESSAGE_MOVED: "a message changed its place",
  ENUM_ADDED: "an enum was added",
  ENUM_REMOVED: "an enum was removed",
  ENUM_CONST_ADDED: "a constant was added",
  ENUM_CONST_CHANGED: "a constant was renamed",
  ENUM_CONST_REMOVED: "a constant was removed",
  FIELD_ADDED: "a field was added",
  FIELD_REMOVED: "a field was removed",
  FIELD_NAME_CHANGED: "a field was renamed",
  FIELD_KIND_CHANGED: "a field changed between scalar, map and message",
  FIELD_SCALAR_KIND_CHANGED: "a field's scalar type changed to one of another wire form",
  FIELD_NAMED_TYPE_CHANGED: "a field's message type changed",
  FIELD_NUMERIC_LABEL_CHANGED: "a numeric field changed between optional, required and repeated",
  FIELD_STRING_OR_BYTES_LABEL_CHANGED:
    "a string or bytes field changed between optional, required and repeated",
  REQUIRED_FIELD_ADDED: "a required field was added",
  REQUIRED_FIELD_REMOVED: "a required field was removed",
  ONEOF_ADDED: "a oneof was added",
  ONEOF_REMOVED: "a oneof was removed",
  ONEOF_FIELD_ADDED: "a oneof's member was added",
  ONEOF_FIELD_REMOVED: "a oneof's member was removed",
  ONEOF_FIELD_MOVED_TO_TOP_LEVEL: "a oneof's member became a field of its own",
  MULTIPLE_FIELDS_MOVED_TO_ONEOF: "several fields moved into a oneof",
  FIELD_MOVED_TO_EXISTING_ONEOF: "a field moved into a oneof that has other members",
} as const;

/** Confluent's names of what changed. */
export type ProtobufDifferenceKind = keyof typeof sentences;

/** Where a comparison stands: the names of both sides, the scope in them, the path. */
export interface ComparedPlace {
  readonly writerNames: NameScope;
  readonly readerNames: NameScope;
  /** Packages with the messages around. */
  readonly writerScope: string;
  readonly readerScope: string;
  readonly path: readonly string[];
}

/** One step in: a message or an enum is a scope of names, a field or a oneof is none. */
export function within(place: ComparedPlace, step: string, isScope: boolean): ComparedPlace {
  return {
    ...place,
    writerScope: isScope ? joined(place.writerScope, step) : place.writerScope,
    readerScope: isScope ? joined(place.readerScope, step) : place.readerScope,
    path: [...place.path, step],
  };
}

function joined(outer: string, name: string): string {
  return outer === "" ? name : `${outer}.${name}`;
}

/** Collects what a comparison finds. */
export class DifferenceLog {
  readonly #found: SchemaDifference[] = [];
  #hindranceCount = 0;

  get found(): readonly SchemaDifference[] {
    return this.#found;
  }

  add(kind: ProtobufDifferenceKind, path: readonly string[]): void {
    const where = `#/${path.join("/")}`;
    const isAllowed = allowedKinds.has(kind);
    if (!isAllowed) this.#hindranceCount++;
    this.#found.push({
      kind,
      path: where,
      message: `at ${where}: ${sentences[kind]} (${kind})`,
      isAllowed,
    });
  }

  /** How many of what was found hinder. */
  get hindranceCount(): number {
    return this.#hindranceCount;
  }
}
