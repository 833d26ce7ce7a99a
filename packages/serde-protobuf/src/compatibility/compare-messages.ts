import {
  fieldsOf,
  isMapEntry,
  type EnumDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type OneofDeclaration,
  type TypeDeclaration,
} from "../schema/proto-file.ts";
import { compareFields } from "./compare-fields.ts";
import { within, type ComparedPlace } from "./difference-log.ts";
import { bothBy, type Comparison, type Sides } from "./comparison.ts";

/** Types of one scope, by name. */
export function compareTypes(
  comparison: Comparison,
  { writer, reader }: Sides<readonly TypeDeclaration[]>,
  place: ComparedPlace,
): void {
  const { log } = comparison;
  const ours = { writer: writer.filter(isMessage), reader: reader.filter(isMessage) };
  const messages = bothBy(ours, ({ name }) => name);
  const indexes = { writer: indexesByName(ours.writer), reader: indexesByName(ours.reader) };
  for (const [name, sides] of messages) {
    const inner = within(place, name, true);
    if (sides.reader === undefined) {
      if (!isMapEntry(sides.writer)) log.add("MESSAGE_REMOVED", inner.path);
    } else if (sides.writer === undefined) {
      if (!isMapEntry(sides.reader)) log.add("MESSAGE_ADDED", inner.path);
    } else {
      compareMessages(comparison, sides, inner);
      // The indexes of a record count in the writer's schema, so that order is free.
      const isMoved = indexes.writer.get(name) !== indexes.reader.get(name);
      if (isMoved) log.add("MESSAGE_MOVED", inner.path);
    }
  }
  const enums = bothBy(
    { writer: writer.filter(isEnum), reader: reader.filter(isEnum) },
    ({ name }) => name,
  );
  for (const [name, sides] of enums) {
    const { path } = within(place, name, true);
    if (sides.reader === undefined) log.add("ENUM_REMOVED", path);
    else if (sides.writer === undefined) log.add("ENUM_ADDED", path);
    else compareEnums(comparison, sides, path);
  }
}

export function compareMessages(
  comparison: Comparison,
  sides: Sides<MessageDeclaration>,
  place: ComparedPlace,
): void {
  const { writer, reader } = sides;
  // A message that holds itself, by way of another reference: once is enough.
  if (!comparison.underWay.has(writer)) {
    comparison.underWay.add(writer);
    compareOneofs(comparison, sides, place);
    compareMembers(comparison, sides, place);
    comparison.underWay.delete(writer);
  }
  compareTypes(comparison, { writer: writer.types, reader: reader.types }, place);
}

/** Fields that could be set together before, and exclude each other now. */
function compareOneofs(
  { log }: Comparison,
  { writer, reader }: Sides<MessageDeclaration>,
  place: ComparedPlace,
): void {
  const writerOneofs = oneofsByNumber(writer);
  const writerNumbers = new Set(fieldsOf(writer).map(({ number }) => number));
  for (const { name, fields } of reader.oneofs) {
    const groups = new Set<string>();
    let movedIn = 0;
    for (const { number } of fields) {
      const from = writerOneofs.get(number);
      if (from !== undefined) groups.add(from.name);
      else if (writerNumbers.has(number)) {
        groups.add(`${number}`);
        movedIn++;
      }
    }
    if (groups.size < 2) continue;
    const kind = movedIn > 1 ? "MULTIPLE_FIELDS_MOVED_TO_ONEOF" : "FIELD_MOVED_TO_EXISTING_ONEOF";
    log.add(kind, [...place.path, name]);
  }
  const oneofs = bothBy({ writer: writer.oneofs, reader: reader.oneofs }, ({ name }) => name);
  for (const [name, sides] of oneofs) {
    if (sides.reader === undefined) log.add("ONEOF_REMOVED", [...place.path, name]);
    else if (sides.writer === undefined) log.add("ONEOF_ADDED", [...place.path, name]);
  }
}

/** All fields by number, whatever oneof they stand in. */
function compareMembers(
  comparison: Comparison,
  { writer, reader }: Sides<MessageDeclaration>,
  place: ComparedPlace,
): void {
  const writerOneofs = oneofsByNumber(writer);
  const readerOneofs = oneofsByNumber(reader);
  const readerNumbers = new Set(fieldsOf(reader).map(({ number }) => number));
  const readerNames = new Set(reader.oneofs.map(({ name }) => name));
  /** Nothing of it is left, not even its name. */
  const isGone = ({ name, fields }: OneofDeclaration): boolean =>
    !readerNames.has(name) && fields.every(({ number }) => !readerNumbers.has(number));

  const { log } = comparison;
  const fields = bothBy(
    { writer: plainFields(writer), reader: plainFields(reader) },
    ({ number }) => number,
  );
  for (const [number, sides] of fields) {
    const writerOneof = writerOneofs.get(number);
    const readerOneof = readerOneofs.get(number);
    const readerPlace = placeOf(place, readerOneof, number);
    if (sides.reader === undefined) {
      const { path } = placeOf(place, writerOneof, number);
      const isRequired = sides.writer.label === "required";
      if (writerOneof === undefined) {
        log.add(isRequired ? "REQUIRED_FIELD_REMOVED" : "FIELD_REMOVED", path);
      } else if (!isGone(writerOneof)) log.add("ONEOF_FIELD_REMOVED", path);
    } else if (sides.writer === undefined) {
      const isRequired = sides.reader.label === "required";
      if (readerOneof !== undefined) log.add("ONEOF_FIELD_ADDED", readerPlace.path);
      else log.add(isRequired ? "REQUIRED_FIELD_ADDED" : "FIELD_ADDED", readerPlace.path);
    } else {
      if (writerOneof !== undefined && readerOneof === undefined) {
        log.add("ONEOF_FIELD_MOVED_TO_TOP_LEVEL", readerPlace.path);
      }
      compareFields(comparison, sides, readerPlace);
    }
  }
}

function compareEnums(
  { log }: Comparison,
  { writer, reader }: Sides<EnumDeclaration>,
  path: readonly string[],
): void {
  const constants = bothBy(
    { writer: writer.constants, reader: reader.constants },
    ({ number }) => number,
  );
  for (const [number, sides] of constants) {
    const inner = [...path, `${number}`];
    if (sides.reader === undefined) log.add("ENUM_CONST_REMOVED", inner);
    else if (sides.writer === undefined) log.add("ENUM_CONST_ADDED", inner);
    else if (sides.writer.name !== sides.reader.name) log.add("ENUM_CONST_CHANGED", inner);
  }
}

function placeOf(
  place: ComparedPlace,
  oneof: OneofDeclaration | undefined,
  number: number,
): ComparedPlace {
  const outer = oneof === undefined ? place : within(place, oneof.name, false);
  return within(outer, `${number}`, false);
}

function oneofsByNumber(message: MessageDeclaration): ReadonlyMap<number, OneofDeclaration> {
  return new Map(
    message.oneofs.flatMap((oneof) =>
      oneof.fields.map(({ number }): [number, OneofDeclaration] => [number, oneof]),
    ),
  );
}

/** Confluent's checker passes over groups. */
function plainFields(message: MessageDeclaration): readonly FieldDeclaration[] {
  return fieldsOf(message).filter(({ group }) => group === undefined);
}

function indexesByName(messages: readonly MessageDeclaration[]): ReadonlyMap<string, number> {
  return new Map(messages.map(({ name }, index) => [name, index]));
}

function isMessage(type: TypeDeclaration): type is MessageDeclaration {
  return type.kind === "message";
}

function isEnum(type: TypeDeclaration): type is EnumDeclaration {
  return type.kind === "enum";
}
