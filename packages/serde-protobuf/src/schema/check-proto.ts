import type { SchemaError, SchemaParseOptions } from "@millrace/schema-registry";

import { joinNames, type NameScope } from "./name-scope.ts";
import {
  fieldNumberMax,
  fieldsOf,
  isOptionTrue,
  scalarTypes,
  type EnumDeclaration,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type ProtoFile,
  type TypeDeclaration,
} from "./proto-file.ts";
import { ReservedNames } from "./reserved-names.ts";
import { invalidSchema } from "./token-reader.ts";

/** Numbers that Protobuf keeps for itself. */
const keptStart = 19_000;
const keptEnd = 19_999;

const mapKeyTypes = new Set(
  [...scalarTypes].filter((type) => !/^(double|float|bytes)$/.test(type)),
);

/**
 * What a parser cannot see: names that are unknown or stand twice, numbers that do not fit. A schema that a registry has
 * may break a rule without which its records can be read all the same: other registries take such schemas.
 *
 * @throws SchemaError `INVALID_SCHEMA`, with the line, the type and the field
 */
export function checkProto(
  file: ProtoFile,
  names: NameScope,
  { isNew = true }: SchemaParseOptions,
): void {
  const checker = new ProtoChecker(file, names, isNew);
  checker.types(file.types, file.packageName);
  for (const extension of file.extensions) checker.extension(extension, file.packageName);
  for (const { methods } of file.services) {
    for (const { name, input, output, line } of methods) {
      for (const type of [input, output]) {
        const place = { name, type, line, scope: file.packageName };
        checker.messageType(place, "the method");
      }
    }
  }
}

interface TypeUse {
  readonly name: string;
  readonly type: string;
  readonly line: number;
  readonly scope: string;
}

class ProtoChecker {
  readonly #file: ProtoFile;
  readonly #names: NameScope;
  readonly #isProto3: boolean;
  readonly #isNew: boolean;

  constructor(file: ProtoFile, names: NameScope, isNew: boolean) {
    this.#file = file;
    this.#names = names;
    this.#isNew = isNew;
    this.#isProto3 = file.syntax.kind === "proto3";
  }

  types(types: readonly TypeDeclaration[], scope: string): void {
    const seen = new Set<string>();
    for (const type of types) {
      if (seen.has(type.name)) throw fault(type, `"${type.name}" is declared twice`);
      seen.add(type.name);
      if (type.kind === "message") this.#message(type, joinNames(scope, type.name));
      else this.#enum(type);
    }
  }

  extension({ type, fields, line }: ExtendDeclaration, scope: string): void {
    this.messageType({ name: type, type, line, scope }, "the extension of");
    for (const field of fields) this.#field(field, scope);
  }

  messageType(use: TypeUse, what: string): void {
    const found = this.#names.find(use.type, use.scope);
    if (found === undefined) throw this.#unknownType(use, what);
    if (found.declaration.kind === "message") return;
    throw fault(use, `"${use.type}" of ${what} "${use.name}" is an enum, and not a message`);
  }

  #message(message: MessageDeclaration, scope: string): void {
    const fields = fieldsOf(message);
    const byNumber = new Map<number, string>();
    const reserved = new ReservedNames(message.reserved);
    const taken = new Set(message.types.map(({ name }) => name));
    for (const { name } of message.oneofs) {
      if (taken.has(name)) throw fault(message, `"${name}" stands twice in "${message.name}"`);
      taken.add(name);
    }
    for (const field of fields) {
      const { name, number } = field;
      const other = byNumber.get(number);
      const place = `in message "${message.name}"`;
      if (other !== undefined) {
        throw fault(field, `"${name}" and "${other}" ${place} both have number ${number}`);
      }
      if (taken.has(name)) throw fault(field, `"${name}" stands twice ${place}`);
      if (this.#isNew && reserved.has(field)) {
        throw fault(field, `"${name}" = ${number} ${place} is reserved`);
      }
      byNumber.set(number, name);
      taken.add(name);
      this.#field(field, scope);
      if (field.group !== undefined) this.#message(field.group, joinNames(scope, field.type));
    }
    for (const { name, fields: members } of message.oneofs) checkMembers(name, members);
    for (const extension of message.extensions) this.extension(extension, scope);
    this.types(message.types, scope);
  }

  #field(field: FieldDeclaration, scope: string): void {
    const { name, number, label, map } = field;
    const isKept = this.#isNew && number >= keptStart && number <= keptEnd;
    if (number < 1 || number > fieldNumberMax || isKept) {
      throw fault(
        field,
        `"${name}" has number ${number}; fields have 1 to ${fieldNumberMax}, ` +
          `${keptStart} to ${keptEnd} aside`,
      );
    }
    if (this.#isProto3 && label === "required") {
      throw fault(field, `"${name}" is required, which proto3 does not have`);
    }
    if (map !== undefined && (label !== undefined || !mapKeyTypes.has(map.key))) {
      throw fault(
        field,
        label === undefined
          ? `"${map.key}" cannot be the key of the map "${name}"`
          : `the map "${name}" takes no "${label}"`,
      );
    }
    if (field.group === undefined) this.#fieldType(field, map?.value ?? field.type, scope);
  }

  #fieldType({ name, line }: FieldDeclaration, type: string, scope: string): void {
    if (scalarTypes.has(type) || this.#names.resolve(type, scope) !== undefined) return;
    throw this.#unknownType({ name, type, line, scope }, "the field");
  }

  #unknownType({ name, type, line }: TypeUse, what: string): SchemaError {
    const imports = this.#file.imports.map(({ path }) => `"${path}"`).join(", ");
    const hint = imports === "" ? "" : `; is each import (${imports}) given as a reference?`;
    return fault({ line }, `the type "${type}" of ${what} "${name}" is unknown${hint}`);
  }

  #enum(declared: EnumDeclaration): void {
    const { name, constants, options, reserved } = declared;
    if (constants.length === 0) throw fault(declared, `the enum "${name}" is empty`);
    if (this.#isNew && this.#isProto3 && constants[0].number !== 0) {
      throw fault(constants[0], `the first constant of "${name}" is not 0, which proto3 wants`);
    }
    const mayShare = !this.#isNew || isOptionTrue(options, "allow_alias");
    const names = new Set<string>();
    const numbers = new Set<number>();
    const kept = new ReservedNames(reserved);
    for (const constant of constants) {
      const { number } = constant;
      if (number !== Math.trunc(number) || Math.abs(number) > 2 ** 31 || number === 2 ** 31) {
        throw fault(constant, `"${constant.name}" of "${name}" has number ${number}: no int32`);
      }
      if (names.has(constant.name) || (numbers.has(number) && !mayShare)) {
        throw fault(
          constant,
          names.has(constant.name)
            ? `"${constant.name}" stands twice in enum "${name}"`
            : `two constants of enum "${name}" have number ${number}, without allow_alias`,
        );
      }
      if (this.#isNew && kept.has(constant)) {
        throw fault(constant, `"${constant.name}" = ${number} of enum "${name}" is reserved`);
      }
      names.add(constant.name);
      numbers.add(number);
    }
  }
}

function checkMembers(oneof: string, members: readonly FieldDeclaration[]): void {
  for (const field of members) {
    if (field.label !== undefined || field.map !== undefined) {
      throw fault(field, `"${field.name}" in oneof "${oneof}" takes neither a label nor a map`);
    }
  }
}

function fault(place: { readonly line: number }, problem: string): SchemaError {
  return invalidSchema(problem, { line: place.line });
}
