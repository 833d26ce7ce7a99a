import { messageOf } from "@millrace/model";
import { SchemaError } from "@millrace/schema-registry";
import protobufjs from "protobufjs";
import descriptor, {
  type IDescriptorProto,
  type IEnumDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
  type IServiceDescriptorProto,
} from "protobufjs/ext/descriptor.js";

import { decodeOptions, extensionRangeOptions, type OptionsMessage } from "./descriptor-options.ts";
import {
  textOption,
  wordOption,
  type EnumDeclaration,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type OptionDeclaration,
  type ProtoFile,
  type ProtoSyntax,
  type RangesDeclaration,
  type ServiceDeclaration,
} from "./proto-file.ts";

/**
 * A file from its `FileDescriptorProto`, in base64. Maps stay the messages that descriptors make of them.
 *
 * @throws SchemaError `INVALID_SCHEMA`
 */
export function decodeDescriptor(base64: string): ProtoFile {
  try {
    const bytes = new Uint8Array(protobufjs.util.base64.length(base64));
    protobufjs.util.base64.decode(base64, bytes, 0);
    const file = descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
    if (!Object.hasOwn(file, "name") && !Object.hasOwn(file, "messageType")) {
      throw new Error("it names neither a file nor a message");
    }
    return fileOf(file);
  } catch (error) {
    const reason = messageOf(error);
    throw new SchemaError(
      "INVALID_SCHEMA",
      `the Protobuf schema is invalid: it is neither a .proto text nor a FileDescriptorProto in base64: ${reason}`,
      { cause: error },
    );
  }
}

function fileOf(file: IFileDescriptorProto): ProtoFile {
  const syntax = syntaxOf(file);
  const paths = (file.dependency ?? []) as readonly string[];
  const publicPaths = new Set((file.publicDependency ?? []) as readonly number[]);
  const weakPaths = new Set((file.weakDependency ?? []) as readonly number[]);
  const reader = new DescriptorReader(syntax.kind === "proto3");
  return {
    syntax,
    packageName: file.package ?? "",
    imports: paths.map((path, index) => ({
      path,
      kind: publicPaths.has(index) ? "public" : weakPaths.has(index) ? "weak" : "plain",
    })),
    options: decodeOptions(descriptor.FileOptions, file.options as OptionsMessage),
    types: [
      ...(file.messageType ?? []).map((message) => reader.message(message)),
      ...(file.enumType ?? []).map((declared) => reader.enum(declared)),
    ],
    extensions: reader.extensions(file.extension),
    services: (file.service ?? []).map((service) => reader.service(service)),
  };
}

function syntaxOf({ syntax, edition }: IFileDescriptorProto): ProtoSyntax {
  if (syntax === "proto2" || syntax === "proto3") return { kind: syntax };
  if (syntax !== "editions") return { kind: "none" };
  const names = descriptor.FileDescriptorProto.lookupEnum("Edition").valuesById;
  return { kind: "edition", edition: `${names[edition ?? 0]}`.replace("EDITION_", "") };
}

class DescriptorReader {
  readonly #isProto3: boolean;

  constructor(isProto3: boolean) {
    this.#isProto3 = isProto3;
  }

  message(message: IDescriptorProto): MessageDeclaration {
    const oneofs = message.oneofDecl ?? [];
    const own: FieldDeclaration[] = [];
    const members: FieldDeclaration[][] = oneofs.map(() => []);
    const groups = new Set<string>();
    for (const declared of message.field ?? []) {
      const isMember = Object.hasOwn(declared, "oneofIndex") && !declared.proto3Optional;
      const field = this.#field(declared, message);
      if (field.group !== undefined) groups.add(field.group.name);
      if (isMember) members[declared.oneofIndex ?? 0].push({ ...field, label: undefined });
      else own.push(field);
    }
    return {
      kind: "message",
      name: message.name ?? "",
      fields: own,
      oneofs: oneofs
        .map(({ name = "", options }, index) => ({
          name,
          fields: members[index],
          options: decodeOptions(descriptor.OneofOptions, options as OptionsMessage),
        }))
        // That of an `optional` field of proto3 has none.
        .filter(({ fields }) => fields.length > 0),
      types: [
        ...(message.nestedType ?? [])
          .filter(({ name = "" }) => !groups.has(name))
          .map((nested) => this.message(nested)),
        ...(message.enumType ?? []).map((nested) => this.enum(nested)),
      ],
      extensions: this.extensions(message.extension),
      extensionRanges: (message.extensionRange ?? []).map((range) => ({
        ...ranges(range, 1),
        options: decodeOptions(extensionRangeOptions, optionsIn(range)),
      })),
      reserved: reservedOf(message, 1),
      options: decodeOptions(descriptor.MessageOptions, message.options as OptionsMessage),
      line: 0,
    };
  }

  extensions(fields: readonly IFieldDescriptorProto[] | undefined): readonly ExtendDeclaration[] {
    const byType = Map.groupBy(fields ?? [], ({ extendee = "" }) => extendee);
    return [...byType].map(([type, declared]) => ({
      type,
      fields: declared.map((field) => this.#field(field, undefined)),
      line: 0,
    }));
  }

  enum(declared: IEnumDescriptorProto): EnumDeclaration {
    return {
      kind: "enum",
      name: declared.name ?? "",
      constants: (declared.value ?? []).map(({ name = "", number = 0, options }) => ({
        name,
        number,
        options: decodeOptions(descriptor.EnumValueOptions, options as OptionsMessage),
        line: 0,
      })),
      reserved: reservedOf(declared as ReservedParts, 0),
      options: decodeOptions(descriptor.EnumOptions, declared.options as OptionsMessage),
      line: 0,
    };
  }

  service({ name = "", method = [], options }: IServiceDescriptorProto): ServiceDeclaration {
    return {
      name,
      methods: method.map((declared) => ({
        name: declared.name ?? "",
        input: declared.inputType ?? "",
        isInputStreamed: declared.clientStreaming ?? false,
        output: declared.outputType ?? "",
        isOutputStreamed: declared.serverStreaming ?? false,
        options: decodeOptions(descriptor.MethodOptions, declared.options as OptionsMessage),
        line: 0,
      })),
      options: decodeOptions(descriptor.ServiceOptions, options as OptionsMessage),
    };
  }

  #field(field: IFieldDescriptorProto, message: IDescriptorProto | undefined): FieldDeclaration {
    const typeName = field.typeName ?? "";
    const scalar = typeNames[field.type ?? 0];
    const label = this.#labelOf(field);
    const shared = { label, number: field.number ?? 0, options: optionsOf(field), line: 0 };
    const group = message?.nestedType?.find(({ name }) => typeName.endsWith(`.${name}`));
    if (scalar === "group" && group !== undefined) {
      const declared = this.message(group);
      return { ...shared, type: declared.name, name: field.name ?? "", group: declared };
    }
    return { ...shared, type: typeName === "" ? scalar : typeName, name: field.name ?? "" };
  }

  #labelOf({ label, proto3Optional }: IFieldDescriptorProto): FieldDeclaration["label"] {
    if (proto3Optional) return "optional";
    if (label === 3) return "repeated";
    return this.#isProto3 ? undefined : label === 2 ? "required" : "optional";
  }
}

/** Options of an extension range, which protobufjs's types do not know. */
function optionsIn(range: object): OptionsMessage | undefined {
  return (range as { readonly options?: OptionsMessage }).options;
}

/** By the number of `FieldDescriptorProto.Type`. */
const typeNames: readonly string[] = (() => {
  const { valuesById } = descriptor.FieldDescriptorProto.lookupEnum("Type");
  return Array.from({ length: 19 }, (_, id) =>
    (valuesById[id] ?? "").replace("TYPE_", "").toLowerCase(),
  );
})();

function optionsOf(field: IFieldDescriptorProto): readonly OptionDeclaration[] {
  const options = [...decodeOptions(descriptor.FieldOptions, field.options as OptionsMessage)];
  if (Object.hasOwn(field, "defaultValue")) {
    const value = field.defaultValue ?? "";
    const isText = field.type === 9 || field.type === 12;
    options.push(isText ? textOption("default", value) : wordOption("default", value));
  }
  if (Object.hasOwn(field, "jsonName")) options.push(textOption("json_name", field.jsonName ?? ""));
  return options;
}

interface ReservedParts {
  readonly reservedRange?: readonly { readonly start?: number; readonly end?: number }[];
  readonly reservedName?: readonly string[];
}

/** @param beyond how far a range's end lies beyond its last number */
function reservedOf(
  { reservedRange = [], reservedName = [] }: ReservedParts,
  beyond: number,
): readonly RangesDeclaration[] {
  return [
    ...reservedRange.map((range) => ranges(range, beyond)),
    ...reservedName.map((name) => ({ values: [name], options: [] })),
  ];
}

function ranges(
  { start = 0, end = 0 }: { readonly start?: number; readonly end?: number },
  beyond: number,
): RangesDeclaration {
  return { values: [{ start, end: end - beyond }], options: [] };
}
