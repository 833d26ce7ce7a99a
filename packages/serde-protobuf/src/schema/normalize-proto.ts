/**
 * The same schema in one form: names in full, fields by number, options by name, maps as maps. Messages keep their
 * order: the indexes on the wire count them.
 */
import { joinNames, type NameScope } from "./name-scope.ts";
import {
  isMapEntry,
  scalarTypes,
  type EnumDeclaration,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type NumberRange,
  type OptionDeclaration,
  type ProtoFile,
  type RangesDeclaration,
  type TypeDeclaration,
} from "./proto-file.ts";

export function normalizeProto(file: ProtoFile, names: NameScope): ProtoFile {
  const normalizer = new Normalizer(names);
  const { packageName, syntax } = file;
  return {
    // Absent means proto2.
    syntax: syntax.kind === "proto2" ? { kind: "none" } : syntax,
    packageName,
    imports: [
      ...new Map(file.imports.map((one) => [`${one.kind} ${one.path}`, one])).values(),
    ].sort((left, right) => compareTexts(left.path, right.path)),
    options: normalizer.options(file.options, packageName),
    types: normalizer.types(file.types, packageName),
    extensions: normalizer.extensions(file.extensions, packageName),
    services: file.services.map((service) => ({
      ...service,
      options: normalizer.options(service.options, packageName),
      methods: service.methods.map((method) => ({
        ...method,
        input: normalizer.typeName(method.input, packageName),
        output: normalizer.typeName(method.output, packageName),
        options: normalizer.options(method.options, packageName),
      })),
    })),
  };
}

class Normalizer {
  readonly #names: NameScope;

  constructor(names: NameScope) {
    this.#names = names;
  }

  types(types: readonly TypeDeclaration[], scope: string): readonly TypeDeclaration[] {
    return types
      .filter((type) => !isMapEntry(type))
      .map((type) => {
        const inner = joinNames(scope, type.name);
        return type.kind === "message" ? this.#message(type, inner) : this.#enum(type, inner);
      });
  }

  extensions(
    extensions: readonly ExtendDeclaration[],
    scope: string,
  ): readonly ExtendDeclaration[] {
    const byType = Map.groupBy(extensions, ({ type }) => this.typeName(type, scope));
    return [...byType].map(([type, declared]) => ({
      type,
      fields: this.#fields(
        declared.flatMap(({ fields }) => fields),
        scope,
      ),
      line: declared[0].line,
    }));
  }

  typeName(name: string, scope: string): string {
    if (scalarTypes.has(name)) return name;
    const fullName = this.#names.resolve(name, scope);
    return fullName === undefined ? name : `.${fullName}`;
  }

  options(options: readonly OptionDeclaration[], scope: string): readonly OptionDeclaration[] {
    return options
      .map(({ name, value }) => ({
        name: name.replace(/^\(([^)]*)\)/, (_whole, extension: string) => {
          return `(${this.#names.resolveOption(extension, scope) ?? extension})`;
        }),
        value,
      }))
      .sort((left, right) => compareTexts(plainName(left.name), plainName(right.name)));
  }

  #message(message: MessageDeclaration, scope: string): MessageDeclaration {
    return {
      ...message,
      fields: this.#fields(message.fields, scope),
      oneofs: message.oneofs
        .filter(({ fields }) => fields.length > 0)
        .map((oneof) => ({
          ...oneof,
          fields: this.#fields(oneof.fields, scope),
          options: this.options(oneof.options, scope),
        }))
        .sort((left, right) => left.fields[0].number - right.fields[0].number),
      types: this.types(message.types, scope),
      extensions: this.extensions(message.extensions, scope),
      extensionRanges: normalRanges(message.extensionRanges),
      reserved: normalRanges(message.reserved),
      options: this.options(message.options, scope),
    };
  }

  #fields(fields: readonly FieldDeclaration[], scope: string): readonly FieldDeclaration[] {
    return fields
      .map((field) => this.#field(field, scope))
      .sort((left, right) => left.number - right.number);
  }

  #field(field: FieldDeclaration, scope: string): FieldDeclaration {
    const options = this.options(field.options, scope);
    if (field.group !== undefined) {
      const group = this.#message(field.group, joinNames(scope, field.group.name));
      return { ...field, group, options };
    }
    const map = field.map ?? this.#mapOf(field.type, scope);
    if (map === undefined) return { ...field, type: this.typeName(field.type, scope), options };
    const value = this.typeName(map.value, map === field.map ? scope : this.#inner(field, scope));
    return { ...field, label: undefined, type: "map", map: { key: map.key, value }, options };
  }

  /** Scope of the entry that a field names. */
  #inner(field: FieldDeclaration, scope: string): string {
    return this.#names.resolve(field.type, scope) ?? scope;
  }

  /** Key and value of a map that is spelled out as a message, as descriptors have it. */
  #mapOf(
    type: string,
    scope: string,
  ): { readonly key: string; readonly value: string } | undefined {
    return mapOfEntry(this.#names.find(type, scope)?.declaration);
  }

  #enum(declared: EnumDeclaration, scope: string): EnumDeclaration {
    return {
      ...declared,
      constants: declared.constants
        .map((constant) => ({ ...constant, options: this.options(constant.options, scope) }))
        .sort((left, right) => left.number - right.number || compareTexts(left.name, right.name)),
      reserved: normalRanges(declared.reserved),
      options: this.options(declared.options, scope),
    };
  }
}

/** Key and value types of a message that is the entry of a map. */
export function mapOfEntry(
  type: TypeDeclaration | undefined,
): { readonly key: string; readonly value: string } | undefined {
  if (type === undefined || type.kind === "enum" || !isMapEntry(type)) return undefined;
  const key = type.fields.find(({ name }) => name === "key")?.type;
  const value = type.fields.find(({ name }) => name === "value")?.type;
  return key === undefined || value === undefined ? undefined : { key, value };
}

/** One declaration for each number, range or name; numbers first, in order, then names. */
function normalRanges(declared: readonly RangesDeclaration[]): readonly RangesDeclaration[] {
  const single = declared.flatMap(({ values, options }) =>
    values.map((value) => ({ values: [value], options })),
  );
  const startOf = (value: string | NumberRange): number =>
    typeof value === "string" ? Number.MAX_SAFE_INTEGER : value.start;
  return single.sort(
    (left, right) =>
      startOf(left.values[0]) - startOf(right.values[0]) ||
      compareTexts(`${left.values[0]}`, `${right.values[0]}`),
  );
}

function plainName(name: string): string {
  return name.replace(/[()]/g, "");
}

/** By code, whatever the locale. */
function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
