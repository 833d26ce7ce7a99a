import type { OptionDeclaration, OptionValue } from "./proto-file.ts";

const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
};

export function quotedText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return `"${text.replace(/[\x07\b\f\n\r\t\v\\'"]/g, (character) => escapes[character])}"`;
}

/** Blank lines too, as Confluent's registry does it. */
export function indented(text: string): string {
  return text.replace(/[^\n]*\n|[^\n]+$/g, (line) => `  ${line}`);
}

export function printOption({ name, value }: OptionDeclaration): string {
  return `${name} = ${printValue(value)}`;
}

/** Statements, one a line. */
export function printOptionStatements(options: readonly OptionDeclaration[]): string {
  return options.map((option) => `option ${printOption(option)};\n`).join("");
}

/** ` [a = 1]` after a field; empty without options. */
export function printOptionList(options: readonly OptionDeclaration[]): string {
  return options.length === 0 ? "" : ` ${bracketed(options.map(printOption))}`;
}

function printValue(value: OptionValue): string {
  switch (value.kind) {
    case "text":
      return quotedText(value.text);
    case "word":
      return value.word;
    case "list":
      return value.values.length === 0 ? "[]" : bracketed(value.values.map(printValue));
    default: {
      const entries = value.entries.map((entry) => `${entry.name}: ${printValue(entry.value)}`);
      return `{\n${indented(entries.join(",\n"))}${entries.length === 0 ? "" : "\n"}}`;
    }
  }
}

function bracketed(items: readonly string[]): string {
  return items.length === 1 ? `[${items[0]}]` : `[\n${indented(items.join(",\n"))}\n]`;
}
