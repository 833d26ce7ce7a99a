/**
 * A `.proto` file as it was written, without comments and spacing. Names of types stay as written: `name-scope.ts`
 * says what they mean.
 */
export interface ProtoFile {
  readonly syntax: ProtoSyntax;
  /** Empty: none. */
  readonly packageName: string;
  readonly imports: readonly ImportDeclaration[];
  readonly options: readonly OptionDeclaration[];
  readonly types: readonly TypeDeclaration[];
  readonly extensions: readonly ExtendDeclaration[];
  readonly services: readonly ServiceDeclaration[];
}

/** `none`: the file does not say, which means proto2. */
export type ProtoSyntax =
  | { readonly kind: "none" | "proto2" | "proto3" }
  | { readonly kind: "edition"; readonly edition: string };

export interface ImportDeclaration {
  readonly path: string;
  readonly kind: "plain" | "public" | "weak" | "option";
}

export type TypeDeclaration = MessageDeclaration | EnumDeclaration;

export interface MessageDeclaration {
  readonly kind: "message";
  readonly name: string;
  /** Those of oneofs aside. */
  readonly fields: readonly FieldDeclaration[];
  readonly oneofs: readonly OneofDeclaration[];
  readonly types: readonly TypeDeclaration[];
  readonly extensions: readonly ExtendDeclaration[];
  readonly extensionRanges: readonly RangesDeclaration[];
  readonly reserved: readonly RangesDeclaration[];
  readonly options: readonly OptionDeclaration[];
  readonly line: number;
}

export interface FieldDeclaration {
  readonly label: "optional" | "required" | "repeated" | undefined;
  /** As written: a scalar, or the name of a type; `map` for a map, the name of the group for a group. */
  readonly type: string;
  readonly map?: { readonly key: string; readonly value: string };
  /** The fields of a group, which is a message and a field in one. */
  readonly group?: MessageDeclaration;
  readonly name: string;
  readonly number: number;
  readonly options: readonly OptionDeclaration[];
  readonly line: number;
}

export interface OneofDeclaration {
  readonly name: string;
  readonly fields: readonly FieldDeclaration[];
  readonly options: readonly OptionDeclaration[];
}

export interface EnumDeclaration {
  readonly kind: "enum";
  readonly name: string;
  readonly constants: readonly EnumConstant[];
  readonly reserved: readonly RangesDeclaration[];
  readonly options: readonly OptionDeclaration[];
  readonly line: number;
}

export interface EnumConstant {
  readonly name: string;
  readonly number: number;
  readonly options: readonly OptionDeclaration[];
  readonly line: number;
}

/** Both ends belong to it. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** `reserved` or `extensions`: numbers, ranges and, for `reserved`, names. */
export interface RangesDeclaration {
  readonly values: readonly (string | NumberRange)[];
  readonly options: readonly OptionDeclaration[];
}

export interface ExtendDeclaration {
  /** The message that is extended, as written. */
  readonly type: string;
  readonly fields: readonly FieldDeclaration[];
  readonly line: number;
}

export interface ServiceDeclaration {
  readonly name: string;
  readonly methods: readonly MethodDeclaration[];
  readonly options: readonly OptionDeclaration[];
}

export interface MethodDeclaration {
  readonly name: string;
  readonly input: string;
  readonly isInputStreamed: boolean;
  readonly output: string;
  readonly isOutputStreamed: boolean;
  readonly options: readonly OptionDeclaration[];
  readonly line: number;
}

export interface OptionDeclaration {
  /** As written, such as `deprecated`, `(shop.unit)` or `(shop.unit).name`. */
  readonly name: string;
  readonly value: OptionValue;
}

export type OptionValue =
  | { readonly kind: "text"; readonly text: string }
  /** A number as written, a boolean, or the name of an enum's constant. */
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "message"; readonly entries: readonly OptionEntry[] }
  | { readonly kind: "list"; readonly values: readonly OptionValue[] };

export interface OptionEntry {
  readonly name: string;
  readonly value: OptionValue;
}

export const scalarTypes: ReadonlySet<string> = new Set([
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
]);

/** The largest number of a field. */
export const fieldNumberMax = 536_870_911;
export const enumNumberMax = 2_147_483_647;

/** Entry of a map, spelled out as a message: how descriptors hold maps. */
export function isMapEntry(type: TypeDeclaration): boolean {
  return type.kind === "message" && isOptionTrue(type.options, "map_entry");
}

export function optionOf(
  options: readonly OptionDeclaration[],
  name: string,
): OptionValue | undefined {
  return options.find((option) => option.name === name)?.value;
}

export function isOptionTrue(options: readonly OptionDeclaration[], name: string): boolean {
  const value = optionOf(options, name);
  return value?.kind === "word" && value.word === "true";
}

export function fieldsOf(message: MessageDeclaration): readonly FieldDeclaration[] {
  return [...message.fields, ...message.oneofs.flatMap(({ fields }) => fields)];
}

export function wordOption(name: string, word: string): OptionDeclaration {
  return { name, value: { kind: "word", word } };
}

export function textOption(name: string, text: string): OptionDeclaration {
  return { name, value: { kind: "text", text } };
}
