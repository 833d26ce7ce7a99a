import protobufjs from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

import { encodeOptions, extensionRangeOptions } from "./descriptor-options.ts";
import { joinNames, type NameScope } from "./name-scope.ts";
import {
  optionOf,
  scalarTypes,
  type EnumDeclaration,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type NumberRange,
  type ProtoFile,
  type RangesDeclaration,
  type ServiceDeclaration,
} from "./proto-file.ts";

/** A plain object of `descriptor.proto`; undefined members are left out. */
type Descriptor = Readonly<Record<string, unknown>>;

/** The name that Confluent's registry gives to a file of which it knows none. */
const fileName = "default";

/** The file as a `FileDescriptorProto`, in base64. */
export function encodeDescriptor(file: ProtoFile, names: NameScope): string {
  const bytes = descriptor.FileDescriptorProto.encode(fileDescriptor(file, names)).finish();
  return protobufjs.util.base64.encode(bytes, 0, bytes.length);
}

function fileDescriptor(file: ProtoFile, names: NameScope): Descriptor {
  const { syntax, packageName, imports } = file;
  const writer = new DescriptorWriter(names, syntax.kind === "proto3");
  const indexesOf = (kind: string): readonly number[] =>
    imports.flatMap((declared, index) => (declared.kind === kind ? [index] : []));
  const editions = descriptor.FileDescriptorProto.lookupEnum("Edition").values;
  return {
    name: fileName,
    ...(packageName === "" ? {} : { package: packageName }),
    dependency: imports.map(({ path }) => path),
    publicDependency: indexesOf("public"),
    weakDependency: indexesOf("weak"),
    messageType: messagesOf(file).map((message) => writer.message(message, packageName)),
    enumType: enumsOf(file).map(enumDescriptor),
    service: file.services.map((service) => writer.service(service, packageName)),
    extension: writer.extensions(file.extensions, packageName),
    options: encodeOptions(descriptor.FileOptions, file.options),
    ...(syntax.kind === "none" ? {} : { syntax: syntax.kind }),
    ...(syntax.kind === "edition"
      ? { syntax: "editions", edition: editions[`EDITION_${syntax.edition}`] }
      : {}),
  };
}

class DescriptorWriter {
  readonly #names: NameScope;
  readonly #isProto3: boolean;

  constructor(names: NameScope, isProto3: boolean) {
    this.#names = names;
    this.#isProto3 = isProto3;
  }

  message(message: MessageDeclaration, outer: string): Descriptor {
    const { name, oneofs } = message;
    const scope = joinNames(outer, name);
    const optional = this.#isProto3
      ? message.fields.filter(({ label }) => label === "optional")
      : [];
    const oneofNames = oneofs.map((oneof) => oneof.name);
    const field = [
      ...message.fields.map((declared) => {
        const index = optional.indexOf(declared);
        const synthetic = { proto3Optional: true, oneofIndex: oneofs.length + index };
        return { ...this.#field(declared, scope), ...(index < 0 ? {} : synthetic) };
      }),
      ...oneofs.flatMap(({ fields }, oneofIndex) =>
        fields.map((declared) => ({ ...this.#field(declared, scope), oneofIndex })),
      ),
    ];
    oneofNames.push(...optional.map((declared) => `_${declared.name}`));
    const ownFields = [...message.fields, ...oneofs.flatMap(({ fields }) => fields)];
    return {
      name,
      field,
      nestedType: [
        ...ownFields.flatMap((declared) => this.#typeOfField(declared, scope)),
        ...messagesOf(message).map((nested) => this.message(nested, scope)),
      ],
      enumType: enumsOf(message).map(enumDescriptor),
      extensionRange: message.extensionRanges.flatMap((declared) =>
        numberRanges([declared], 1).map((range) => ({
          ...range,
          options: encodeOptions(extensionRangeOptions, declared.options),
        })),
      ),
      extension: this.extensions(message.extensions, scope),
      oneofDecl: oneofNames.map((oneof, index) => ({
        name: oneof,
        options: encodeOptions(descriptor.OneofOptions, oneofs[index]?.options ?? []),
      })),
      options: encodeOptions(descriptor.MessageOptions, message.options),
      reservedRange: numberRanges(message.reserved, 1),
      reservedName: reservedNames(message.reserved),
    };
  }

  extensions(extensions: readonly ExtendDeclaration[], scope: string): readonly Descriptor[] {
    return extensions.flatMap(({ type, fields }) =>
      fields.map((field) => ({
        ...this.#field(field, scope),
        extendee: this.#fullName(type, scope),
      })),
    );
  }

  service({ name, methods, options }: ServiceDeclaration, scope: string): Descriptor {
    return {
      name,
      method: methods.map((method) => ({
        name: method.name,
        inputType: this.#fullName(method.input, scope),
        outputType: this.#fullName(method.output, scope),
        options: encodeOptions(descriptor.MethodOptions, method.options),
        ...(method.isInputStreamed ? { clientStreaming: true } : {}),
        ...(method.isOutputStreamed ? { serverStreaming: true } : {}),
      })),
      options: encodeOptions(descriptor.ServiceOptions, options),
    };
  }

  /** Messages that fields bring along: the entries of maps, and groups. */
  #typeOfField(field: FieldDeclaration, scope: string): readonly Descriptor[] {
    if (field.group !== undefined) return [this.message(field.group, scope)];
    if (field.map === undefined) return [];
    const part = (name: string, number: number, type: string): Descriptor => ({
      name,
      number,
      label: labels.optional,
      ...this.#type(type, scope),
    });
    return [
      {
        name: entryName(field.name),
        field: [part("key", 1, field.map.key), part("value", 2, field.map.value)],
        options: { mapEntry: true },
      },
    ];
  }

  #field(field: FieldDeclaration, scope: string): Descriptor {
    const { name, number, label, map, group, options } = field;
    const value = optionOf(options, "default");
    const jsonName = optionOf(options, "json_name");
    const entry = { type: types.message, typeName: `.${scope}.${entryName(name)}` };
    const groupType = { type: types.group, typeName: `.${scope}.${field.type}` };
    const type = map === undefined ? this.#type(field.type, scope) : entry;
    const labelName = map === undefined ? label : "repeated";
    return {
      name,
      number,
      ...(labelName === undefined ? {} : { label: labels[labelName] }),
      ...(group === undefined ? type : groupType),
      ...(value === undefined
        ? {}
        : { defaultValue: "text" in value ? value.text : wordOf(value) }),
      ...(jsonName?.kind === "text" ? { jsonName: jsonName.text } : {}),
      options: encodeOptions(descriptor.FieldOptions, options),
    };
  }

  #type(type: string, scope: string): Descriptor {
    if (scalarTypes.has(type)) return { type: types[type] };
    const isEnum = this.#names.find(type, scope)?.declaration.kind === "enum";
    return { type: isEnum ? types.enum : types.message, typeName: this.#fullName(type, scope) };
  }

  #fullName(type: string, scope: string): string {
    const fullName = this.#names.resolve(type, scope);
    return fullName === undefined ? type : `.${fullName}`;
  }
}

const labels = { optional: 1, required: 2, repeated: 3 } as const;

/** Numbers of `FieldDescriptorProto.Type`, by the words of `.proto`. */
const types: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(descriptor.FieldDescriptorProto.lookupEnum("Type").values).map(([name, id]) => [
    name.replace("TYPE_", "").toLowerCase(),
    id,
  ]),
);

function enumDescriptor(declared: EnumDeclaration): Descriptor {
  return {
    name: declared.name,
    value: declared.constants.map(({ name, number, options }) => ({
      name,
      number,
      options: encodeOptions(descriptor.EnumValueOptions, options),
    })),
    options: encodeOptions(descriptor.EnumOptions, declared.options),
    reservedRange: numberRanges(declared.reserved, 0),
    reservedName: reservedNames(declared.reserved),
  };
}

function messagesOf({ types: declared }: Pick<ProtoFile, "types">): readonly MessageDeclaration[] {
  return declared.filter((type) => type.kind === "message");
}

function enumsOf({ types: declared }: Pick<ProtoFile, "types">): readonly EnumDeclaration[] {
  return declared.filter((type) => type.kind === "enum");
}

/** As `protoc` names the entry of a map. */
export function entryName(field: string): string {
  const camel = field.replace(/(?:^|_)([A-Za-z0-9])/g, (_whole, letter: string) => {
    return letter.toUpperCase();
  });
  return `${camel}Entry`;
}

function wordOf(value: { readonly kind: string; readonly word?: string }): string {
  return value.word ?? "";
}

/** @param beyond how far a range's end lies beyond its last number */
function numberRanges(declared: readonly RangesDeclaration[], beyond: number) {
  return declared.flatMap(({ values }) =>
    values
      .filter((value): value is NumberRange => typeof value !== "string")
      .map(({ start, end }) => ({ start, end: end + beyond })),
  );
}

function reservedNames(declared: readonly RangesDeclaration[]): readonly string[] {
  return declared.flatMap(({ values }) => values.filter((value) => typeof value === "string"));
}
