import { SchemaError } from "@millrace/schema-registry";

import { entryName } from "../schema/encode-descriptor.ts";
import { joinNames, type NameScope } from "../schema/name-scope.ts";
import { mapOfEntry } from "../schema/normalize-proto.ts";
import {
  isOptionTrue,
  optionOf,
  scalarTypes,
  type EnumDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
} from "../schema/proto-file.ts";
import { featuresOfFile, withFeatures, type Features } from "./features.ts";

/** A message as it is read and written. */
export interface MessagePlan {
  readonly fullName: string;
  /** By number. */
  readonly fields: readonly FieldPlan[];
}

/** What stands in a field, in its list, or as the key or value of its map. */
export type ValuePlan =
  | { readonly kind: "scalar"; readonly type: string; readonly isVerified: boolean }
  | { readonly kind: "enum"; readonly enum: EnumPlan }
  | { readonly kind: "message"; readonly fullName: string };

export interface EnumPlan {
  readonly fullName: string;
  readonly declaration: EnumDeclaration;
  /** Closed: a number that has no name counts as an unknown field. */
  readonly isClosed: boolean;
}

export interface FieldPlan {
  /** In TypeScript: lower camel case, as in Protobuf's JSON. */
  readonly name: string;
  /** As the schema has it. */
  readonly protoName: string;
  /** In Protobuf's JSON: `json_name`, or lower camel case. */
  readonly jsonName: string;
  readonly number: number;
  readonly value: ValuePlan;
  /** `implicit`: what is absent reads as zero, and zero is not written. */
  readonly form: "implicit" | "explicit" | "required" | "list" | "map";
  /** Of the keys of a map. */
  readonly key?: ValuePlan;
  readonly isPacked: boolean;
  /** A group, or in editions `DELIMITED`. */
  readonly isDelimited: boolean;
  /** The oneof that it is a member of, in lower camel case. */
  readonly oneof?: string;
}

/** Plans of the messages that a schema knows, by full name; made when they are asked for. */
export class MessagePlans {
  readonly #names: NameScope;
  readonly #plans = new Map<string, MessagePlan>();

  constructor(names: NameScope) {
    this.#names = names;
  }

  /** @throws SchemaError `INVALID_SCHEMA`, if there is no such message */
  get(fullName: string): MessagePlan {
    const known = this.#plans.get(fullName);
    if (known !== undefined) return known;
    const found = this.#names.get(fullName);
    if (found?.declaration.kind !== "message") {
      throw new SchemaError("INVALID_SCHEMA", `the Protobuf schema has no message "${fullName}"`);
    }
    const plan = new MessagePlanner(this.#names, fullName).plan(found.declaration);
    this.#plans.set(fullName, plan);
    return plan;
  }
}

class MessagePlanner {
  readonly #names: NameScope;
  readonly #fullName: string;
  readonly #features: Features;

  constructor(names: NameScope, fullName: string) {
    this.#names = names;
    this.#fullName = fullName;
    this.#features = featuresOf(names, fullName);
  }

  plan(message: MessageDeclaration): MessagePlan {
    const fields = [
      ...message.fields.map((field) => this.#field(field, undefined)),
      ...message.oneofs.flatMap((oneof) => {
        return oneof.fields.map((field) => this.#field(field, camelCase(oneof.name)));
      }),
    ];
    const names = [
      ...fields.map(({ name }) => name),
      ...message.oneofs.map(({ name }) => camelCase(name)),
    ];
    const twice = names.find(
      (name, index) => names.indexOf(name) !== index || name === "__proto__",
    );
    if (twice !== undefined) {
      const problem = `two fields of "${this.#fullName}" are "${twice}" in TypeScript`;
      throw new SchemaError("INVALID_SCHEMA", `the Protobuf schema cannot be used: ${problem}`);
    }
    return {
      fullName: this.#fullName,
      fields: fields.sort((left, right) => left.number - right.number),
    };
  }

  #field(field: FieldDeclaration, oneof: string | undefined): FieldPlan {
    const { number, label } = field;
    const map = field.map ?? this.#mapOf(field);
    const features = withFeatures(this.#features, field.options);
    const type = field.group === undefined ? (map?.value ?? field.type) : field.group.name;
    const scope =
      map === undefined || field.map !== undefined ? this.#fullName : this.#entry(field);
    const value = this.#value(type, scope, features);
    const packed = optionOf(field.options, "packed");
    const isPacked =
      packed === undefined
        ? features.repeated_field_encoding === "PACKED"
        : isOptionTrue(field.options, "packed");
    const isMessage = value.kind === "message" && map === undefined;
    const isRequired = label === "required" || features.field_presence === "LEGACY_REQUIRED";
    const isImplicit =
      features.field_presence === "IMPLICIT" &&
      label !== "optional" &&
      oneof === undefined &&
      !isMessage;
    const single = isRequired ? "required" : isImplicit ? "implicit" : "explicit";
    return {
      name: camelCase(field.name),
      protoName: field.name,
      jsonName: jsonNameOf(field),
      number,
      value,
      form: map !== undefined ? "map" : label === "repeated" ? "list" : single,
      ...(map === undefined ? {} : { key: this.#value(map.key, scope, features) }),
      isPacked: isPacked && isPackable(value),
      isDelimited:
        field.group !== undefined || (isMessage && features.message_encoding === "DELIMITED"),
      ...(oneof === undefined ? {} : { oneof }),
    };
  }

  #value(type: string, scope: string, features: Features): ValuePlan {
    if (scalarTypes.has(type)) {
      return { kind: "scalar", type, isVerified: features.utf8_validation === "VERIFY" };
    }
    const fullName = this.#names.resolve(type, scope);
    const declaration = fullName === undefined ? undefined : this.#names.get(fullName)?.declaration;
    if (fullName === undefined || declaration === undefined) {
      throw new SchemaError("INVALID_SCHEMA", `the type "${type}" in "${scope}" is unknown`);
    }
    if (declaration.kind === "message") return { kind: "message", fullName };
    const { enum_type: kind } = withFeatures(
      featuresOf(this.#names, fullName),
      declaration.options,
    );
    return { kind: "enum", enum: { fullName, declaration, isClosed: kind === "CLOSED" } };
  }

  #mapOf({ type }: FieldDeclaration) {
    return mapOfEntry(this.#names.find(type, this.#fullName)?.declaration);
  }

  #entry(field: FieldDeclaration): string {
    const fullName = this.#names.resolve(field.type, this.#fullName);
    return fullName ?? joinNames(this.#fullName, entryName(field.name));
  }
}

/** Those of the file, and of the messages around. */
function featuresOf(names: NameScope, fullName: string): Features {
  const found = names.get(fullName);
  if (found === undefined) throw new SchemaError("INVALID_SCHEMA", `"${fullName}" is unknown`);
  let features = featuresOfFile(found.file);
  for (let at = fullName.indexOf("."); ; at = fullName.indexOf(".", at + 1)) {
    const outer = names.get(at < 0 ? fullName : fullName.slice(0, at))?.declaration;
    if (outer?.kind === "message") features = withFeatures(features, outer.options);
    if (at < 0) return features;
  }
}

function isPackable(value: ValuePlan): boolean {
  if (value.kind === "scalar") return value.type !== "string" && value.type !== "bytes";
  return value.kind === "enum";
}

/** As Protobuf's JSON names fields. */
export function camelCase(name: string): string {
  return name.replace(/_+(.?)/g, (_whole, letter: string) => letter.toUpperCase());
}

function jsonNameOf({ name, options }: FieldDeclaration): string {
  const given = optionOf(options, "json_name");
  return given?.kind === "text" ? given.text : camelCase(name);
}
