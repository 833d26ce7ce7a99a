import type {
  EnumDeclaration,
  FieldDeclaration,
  MessageDeclaration,
  OptionDeclaration,
  ProtoFile,
  TypeDeclaration,
} from "./proto-file.ts";

/** The file without extensions and options of one's own; those of Confluent stay. */
export function withoutExtensions(file: ProtoFile): ProtoFile {
  return {
    ...file,
    options: ownOptions(file.options),
    types: file.types.map(plainType),
    extensions: [],
    services: file.services.map((service) => ({
      ...service,
      options: ownOptions(service.options),
      methods: service.methods.map(plain),
    })),
  };
}

function ownOptions(options: readonly OptionDeclaration[]): readonly OptionDeclaration[] {
  return options.filter(({ name }) => !name.startsWith("(") || name.startsWith("(confluent."));
}

function plain<T extends { readonly options: readonly OptionDeclaration[] }>(declared: T): T {
  return { ...declared, options: ownOptions(declared.options) };
}

function plainType(type: TypeDeclaration): TypeDeclaration {
  return type.kind === "enum" ? plainEnum(type) : plainMessage(type);
}

function plainEnum(declared: EnumDeclaration): EnumDeclaration {
  return { ...plain(declared), constants: declared.constants.map(plain) };
}

function plainMessage(message: MessageDeclaration): MessageDeclaration {
  return {
    ...plain(message),
    fields: message.fields.map(plainField),
    oneofs: message.oneofs.map((oneof) => ({
      ...plain(oneof),
      fields: oneof.fields.map(plainField),
    })),
    types: message.types.map(plainType),
    extensions: [],
    extensionRanges: [],
  };
}

function plainField(field: FieldDeclaration): FieldDeclaration {
  if (field.group === undefined) return plain(field);
  return { ...plain(field), group: plainMessage(field.group) };
}
