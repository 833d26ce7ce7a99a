/**
 * Prints a file as Confluent's registry lays it out: fields, then oneofs, then nested messages, then nested enums; the
 * text of a schema is its identity there, so that an equal layout gives equal GUIDs.
 */
import { indented, printOptionList, printOptionStatements, quotedText } from "./print-option.ts";
import {
  enumNumberMax,
  fieldNumberMax,
  type EnumDeclaration,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type MethodDeclaration,
  type OneofDeclaration,
  type ProtoFile,
  type RangesDeclaration,
  type ServiceDeclaration,
  type TypeDeclaration,
} from "./proto-file.ts";

export function printProto(file: ProtoFile): string {
  const { syntax } = file;
  const imports = ["plain", "public", "weak", "option"].flatMap((kind) =>
    file.imports.filter((declared) => declared.kind === kind),
  );
  return [
    syntax.kind === "none"
      ? ""
      : syntax.kind === "edition"
        ? `edition = "${syntax.edition}";\n`
        : `syntax = "${syntax.kind}";\n`,
    file.packageName === "" ? "" : `package ${file.packageName};\n`,
    section(
      imports.map(
        ({ kind, path }) => `import ${kind === "plain" ? "" : `${kind} `}${quotedText(path)};\n`,
      ),
    ),
    section([printOptionStatements(file.options)]),
    section(printTypes(file.types)),
    section(file.extensions.map(printExtend)),
    section(file.services.map(printService)),
  ].join("");
}

/** A blank line before what is there. */
function section(parts: readonly string[]): string {
  const text = parts.join("");
  return text === "" ? "" : `\n${text}`;
}

/** Sections in braces; the line that parts them is not indented, unlike those of what stands within. */
function braced(sections: readonly (readonly string[])[]): string {
  return `{${sections.map((parts) => section([indented(parts.join(""))])).join("")}}`;
}

function printTypes(types: readonly TypeDeclaration[]): readonly string[] {
  return [
    ...types.filter((type) => type.kind === "message").map(printMessage),
    ...types.filter((type) => type.kind === "enum").map(printEnum),
  ];
}

function printMessage(message: MessageDeclaration): string {
  return `message ${message.name} ${printBody(message)}\n`;
}

function printBody(message: MessageDeclaration): string {
  const fields = message.fields.filter(({ group }) => group === undefined);
  const groups = message.fields.filter(({ group }) => group !== undefined);
  const sections = [
    message.reserved.map((ranges) => printRanges("reserved", ranges, fieldNumberMax)),
    [printOptionStatements(message.options)],
    fields.map(printField),
    message.oneofs.map(printOneof),
    groups.map(printField),
    message.extensionRanges.map((ranges) => printRanges("extensions", ranges, fieldNumberMax)),
    message.extensions.map(printExtend),
    printTypes(message.types),
  ];
  return braced(sections);
}

function printField(field: FieldDeclaration): string {
  const { label, type, map, group, name, number, options } = field;
  const start = label === undefined ? "" : `${label} `;
  const end = `= ${number}${printOptionList(defaultsLast(options))}`;
  if (group !== undefined) return `${start}group ${type} ${end} ${printBody(group)}\n`;
  const typeText = map === undefined ? type : `map<${map.key}, ${map.value}>`;
  return `${start}${typeText} ${name} ${end};\n`;
}

function defaultsLast(options: FieldDeclaration["options"]): FieldDeclaration["options"] {
  const names = ["default", "json_name"];
  return [
    ...options.filter(({ name }) => !names.includes(name)),
    ...names.flatMap((name) => options.filter((option) => option.name === name)),
  ];
}

function printOneof({ name, fields, options }: OneofDeclaration): string {
  return `oneof ${name} ${braced([[printOptionStatements(options)], fields.map(printField)])}\n`;
}

function printExtend({ type, fields }: ExtendDeclaration): string {
  return `extend ${type} ${braced([fields.map(printField)])}\n`;
}

function printEnum({ name, constants, reserved, options }: EnumDeclaration): string {
  const body = [
    ...reserved.map((ranges) => printRanges("reserved", ranges, enumNumberMax)),
    printOptionStatements(options),
    ...constants.map(
      (constant) => `${constant.name} = ${constant.number}${printOptionList(constant.options)};\n`,
    ),
  ];
  return `enum ${name} ${braced([body])}\n`;
}

function printRanges(word: string, { values, options }: RangesDeclaration, max: number): string {
  const parts = values.map((value) => {
    if (typeof value === "string") return quotedText(value);
    const { start, end } = value;
    return start === end ? `${start}` : `${start} to ${end >= max ? "max" : end}`;
  });
  return `${word} ${parts.join(", ")}${printOptionList(options)};\n`;
}

function printService({ name, methods, options }: ServiceDeclaration): string {
  return `service ${name} ${braced([[printOptionStatements(options)], methods.map(printMethod)])}\n`;
}

function printMethod(method: MethodDeclaration): string {
  const input = `${method.isInputStreamed ? "stream " : ""}${method.input}`;
  const output = `${method.isOutputStreamed ? "stream " : ""}${method.output}`;
  const options = printOptionStatements(method.options);
  const end = options === "" ? "" : ` {\n${indented(options)}}`;
  return `rpc ${method.name} (${input}) returns (${output})${end};\n`;
}
