import type { AnyNestedObject, IField, INamespace, IType, IEnum } from "protobufjs";

import {
  textOption,
  wordOption,
  type EnumDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type ProtoFile,
  type TypeDeclaration,
} from "./proto-file.ts";

type Nested = Readonly<Record<string, AnyNestedObject>>;

/** A file from protobufjs's own form of it, which holds one package; extensions and services aside. */
export function fileOfNamespace(nested: Nested, syntax: "proto2" | "proto3"): ProtoFile {
  const names: string[] = [];
  let types = nested;
  for (let only = onlyNamespace(types); only !== undefined; only = onlyNamespace(types)) {
    names.push(only.name);
    types = only.nested;
  }
  return {
    syntax: { kind: syntax },
    packageName: names.join("."),
    imports: [],
    options: [],
    types: typesOf(types),
    extensions: [],
    services: [],
  };
}

function onlyNamespace(
  nested: Nested,
): { readonly name: string; readonly nested: Nested } | undefined {
  const entries = Object.entries(nested);
  if (entries.length !== 1) return undefined;
  const [[name, value]] = entries;
  const isType = "fields" in value || "values" in value;
  return isType ? undefined : { name, nested: (value as INamespace).nested ?? {} };
}

function typesOf(nested: Nested): readonly TypeDeclaration[] {
  return Object.entries(nested).flatMap(([name, value]): TypeDeclaration[] => {
    if ("fields" in value) return [messageOf(name, value as IType)];
    return "values" in value ? [enumOf(name, value as IEnum)] : [];
  });
}

function messageOf(name: string, type: IType): MessageDeclaration {
  const fields = Object.entries(type.fields).map(([key, field]) => fieldOf(key, field));
  // A oneof with one `optional` field of proto3 is protobufjs's, not the file's.
  const oneofs = Object.entries(type.oneofs ?? {}).filter(([key]) => !key.startsWith("_"));
  const members = new Set(oneofs.flatMap(([, { oneof }]) => oneof));
  const keys = Object.keys(type.fields);
  return {
    kind: "message",
    name,
    fields: fields.filter((_, index) => !members.has(keys[index])),
    oneofs: oneofs.map(([key, { oneof }]) => ({
      name: key,
      fields: oneof.map((member: string) => fields[keys.indexOf(member)]),
      options: [],
    })),
    types: typesOf(type.nested ?? {}),
    extensions: [],
    extensionRanges: [],
    reserved: [],
    options: [],
    line: 0,
  };
}

function fieldOf(key: string, field: IField): FieldDeclaration {
  const { id, type, rule, options = {}, protoName } = field as IField & { protoName?: string };
  const { keyType } = field as IField & { keyType?: string };
  const { default: value, packed } = options;
  return {
    label: rule === undefined || keyType !== undefined ? undefined : (rule as "repeated"),
    type: keyType === undefined ? type : "map",
    ...(keyType === undefined ? {} : { map: { key: keyType, value: type } }),
    name: protoName ?? key,
    number: id,
    options: [
      ...(packed === undefined ? [] : [wordOption("packed", `${packed}`)]),
      ...(value === undefined
        ? []
        : [
            type === "string"
              ? textOption("default", `${value}`)
              : wordOption("default", `${value}`),
          ]),
    ],
    line: 0,
  };
}

function enumOf(name: string, { values }: IEnum): EnumDeclaration {
  return {
    kind: "enum",
    name,
    constants: Object.entries(values).map(([constant, number]) => ({
      name: constant,
      number,
      options: [],
      line: 0,
    })),
    reserved: [],
    options: [],
    line: 0,
  };
}
