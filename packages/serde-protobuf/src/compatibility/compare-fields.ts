import { mapOfEntry } from "../schema/normalize-proto.ts";
import type { NameScope } from "../schema/name-scope.ts";
import {
  scalarTypes,
  type FieldDeclaration,
  type MessageDeclaration,
} from "../schema/proto-file.ts";
import type { Comparison, Sides } from "./comparison.ts";
import type { ComparedPlace, DifferenceLog } from "./difference-log.ts";

/** Types that may stand for each other on the wire. */
const wireGroups: Readonly<Record<string, string>> = {
  int32: "number",
  int64: "number",
  uint32: "number",
  uint64: "number",
  bool: "number",
  enum: "number",
  sint32: "signed",
  sint64: "signed",
  string: "text",
  bytes: "text",
  fixed32: "fixed32",
  sfixed32: "fixed32",
  fixed64: "fixed64",
  sfixed64: "fixed64",
  float: "float",
  double: "double",
};

/** One side's field, or the key or value of its map. */
interface ComparedType {
  readonly label: FieldDeclaration["label"];
  readonly type: string;
  readonly map: FieldDeclaration["map"];
  /** A scalar, `enum`, `map` or `message`. */
  readonly form: string;
}

export function compareFields(
  comparison: Comparison,
  { writer, reader }: Sides<FieldDeclaration>,
  place: ComparedPlace,
): void {
  if (writer.name !== reader.name) comparison.log.add("FIELD_NAME_CHANGED", place.path);
  compareFieldTypes(
    comparison,
    {
      writer: comparedType(writer, place.writerNames, place.writerScope),
      reader: comparedType(reader, place.readerNames, place.readerScope),
    },
    place,
  );
}

function compareFieldTypes(
  comparison: Comparison,
  sides: Sides<ComparedType>,
  place: ComparedPlace,
): void {
  const { writer, reader } = sides;
  if (kindOf(writer) !== kindOf(reader)) {
    comparison.log.add("FIELD_KIND_CHANGED", place.path);
  } else if (writer.map !== undefined && reader.map !== undefined) {
    for (const part of ["key", "value"] as const) {
      const types = {
        writer: partOfMap(writer.map[part], place.writerNames, place.writerScope),
        reader: partOfMap(reader.map[part], place.readerNames, place.readerScope),
      };
      compareFieldTypes(comparison, types, place);
    }
  } else if (writer.form === "message") compareNamedTypes(comparison, sides, place);
  else compareScalars(comparison.log, sides, place);
}

function kindOf({ form }: ComparedType): string {
  return form === "map" || form === "message" ? form : "scalar";
}

function partOfMap(type: string, names: NameScope, scope: string): ComparedType {
  return comparedType({ label: undefined, type }, names, scope);
}

function comparedType(
  { label, type, map }: Pick<FieldDeclaration, "label" | "type" | "map">,
  names: NameScope,
  scope: string,
): ComparedType {
  if (map === undefined && scalarTypes.has(type)) return { label, type, map, form: type };
  const declaration = map === undefined ? names.find(type, scope)?.declaration : undefined;
  const entry = map ?? mapOfEntry(declaration);
  if (entry !== undefined) return { label, type, map: entry, form: "map" };
  return { label, type, map, form: declaration?.kind === "enum" ? "enum" : "message" };
}

function compareScalars(
  log: DifferenceLog,
  { writer, reader }: Sides<ComparedType>,
  { path }: ComparedPlace,
): void {
  const group = wireGroups[writer.form];
  if (group !== wireGroups[reader.form]) log.add("FIELD_SCALAR_KIND_CHANGED", path);
  else if (
    writer.label !== undefined &&
    reader.label !== undefined &&
    writer.label !== reader.label
  ) {
    const isText = group === "text";
    log.add(isText ? "FIELD_STRING_OR_BYTES_LABEL_CHANGED" : "FIELD_NUMERIC_LABEL_CHANGED", path);
  }
}

/** Two messages are one type if they have the same name in their packages. */
function compareNamedTypes(
  comparison: Comparison,
  { writer, reader }: Sides<ComparedType>,
  place: ComparedPlace,
): void {
  const { log } = comparison;
  const writerType = namedType(writer.type, place.writerNames, place.writerScope);
  const readerType = namedType(reader.type, place.readerNames, place.readerScope);
  if (writerType === undefined || readerType === undefined) {
    if (writer.type !== reader.type) log.add("FIELD_NAMED_TYPE_CHANGED", place.path);
    return;
  }
  if (writerType.localName !== readerType.localName) {
    log.add("FIELD_NAMED_TYPE_CHANGED", place.path);
    return;
  }
  const { origin } = writerType;
  const isSameVersion =
    origin !== undefined &&
    origin.subject === readerType.origin?.subject &&
    origin.version === readerType.origin.version;
  if (isSameVersion) return;
  const { declaration: writerMessage } = writerType;
  const { declaration: readerMessage } = readerType;
  if (writerMessage.kind === "enum" || readerMessage.kind === "enum") return;
  const isHindered = compareNamedMessages(
    comparison,
    { writer: writerMessage, reader: readerMessage },
    {
      ...place,
      writerScope: writerType.fullName,
      readerScope: readerType.fullName,
      path: writerType.localName.split("."),
    },
  );
  if (isHindered) log.add("FIELD_NAMED_TYPE_CHANGED", place.path);
}

/** Whether something hinders. Many fields may name one message, and its own fields many others: once is enough. */
function compareNamedMessages(
  comparison: Comparison,
  sides: Sides<MessageDeclaration>,
  place: ComparedPlace,
): boolean {
  const { log, named } = comparison;
  const { writer, reader } = sides;
  const readers = named.get(writer) ?? new Map<MessageDeclaration, boolean>();
  named.set(writer, readers);
  const known = readers.get(reader);
  if (known !== undefined) return known;
  const before = log.hindranceCount;
  comparison.compareMessages(comparison, sides, place);
  const isHindered = log.hindranceCount > before;
  readers.set(reader, isHindered);
  return isHindered;
}

function namedType(type: string, names: NameScope, scope: string) {
  const fullName = names.resolve(type, scope);
  const found = fullName === undefined ? undefined : names.get(fullName);
  if (fullName === undefined || found === undefined) return undefined;
  const prefix = `${found.packageName}.`;
  const localName = fullName.startsWith(prefix) ? fullName.slice(prefix.length) : fullName;
  return { ...found, fullName, localName };
}
