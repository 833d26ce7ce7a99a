import type { OptionDeclaration, OptionEntry, OptionValue } from "./proto-file.ts";
import type { TokenReader } from "./token-reader.ts";

/** How deep the braces of a schema may stand in each other. */
export const nestingMax = 64;

/** `name = value`, the word `option` taken. */
export function parseOption(tokens: TokenReader): OptionDeclaration {
  const name = optionName(tokens);
  tokens.expect("=");
  return { name, value: optionValue(tokens, 0) };
}

/** `option name = value;`, the word `option` taken. */
export function parseOptionStatement(tokens: TokenReader): OptionDeclaration {
  const option = parseOption(tokens);
  tokens.expect(";");
  return option;
}

/** `[name = value, …]` if it is there. */
export function parseOptionList(tokens: TokenReader): readonly OptionDeclaration[] {
  if (!tokens.accept("[")) return [];
  const options: OptionDeclaration[] = [];
  do options.push(parseOption(tokens));
  while (tokens.accept(","));
  tokens.expect("]");
  return options;
}

function optionName(tokens: TokenReader): string {
  const parts: string[] = [];
  do {
    if (tokens.accept("(")) {
      parts.push(`(${tokens.typeName("the name of an option")})`);
      tokens.expect(")");
    } else {
      parts.push(tokens.name("the name of an option"));
    }
  } while (tokens.accept("."));
  return parts.join(".");
}

function optionValue(tokens: TokenReader, depth: number): OptionValue {
  if (depth > nestingMax) throw tokens.error(`an option nests deeper than ${nestingMax} levels`);
  if (tokens.next.kind === "text") return { kind: "text", text: tokens.texts("a text") };
  if (tokens.accept("{")) return optionMessage(tokens, "}", depth);
  if (tokens.accept("<")) return optionMessage(tokens, ">", depth);
  if (tokens.accept("[")) return optionList(tokens, depth);
  const sign = tokens.accept("-") ? "-" : "";
  tokens.accept("+");
  const { kind } = tokens.next;
  if (kind !== "word" && kind !== "number") throw tokens.unexpected("the value of an option");
  return { kind: "word", word: sign + tokens.take().text };
}

function optionList(tokens: TokenReader, depth: number): OptionValue {
  const values: OptionValue[] = [];
  if (tokens.accept("]")) return { kind: "list", values };
  do values.push(optionValue(tokens, depth + 1));
  while (tokens.accept(","));
  tokens.expect("]");
  return { kind: "list", values };
}

function optionMessage(tokens: TokenReader, end: string, depth: number): OptionValue {
  const entries: OptionEntry[] = [];
  while (!tokens.accept(end)) {
    const name = entryName(tokens);
    const isMessage = tokens.isNext("{") || tokens.isNext("<");
    if (!tokens.accept(":") && !isMessage) throw tokens.unexpected('":"');
    entries.push({ name, value: optionValue(tokens, depth + 1) });
    if (!tokens.accept(",")) tokens.accept(";");
  }
  return { kind: "message", entries };
}

/** A field, or an extension or the URL of a type in brackets. */
function entryName(tokens: TokenReader): string {
  if (!tokens.accept("[")) return tokens.name("the name of a field");
  let name = tokens.typeName("the name of an extension");
  while (tokens.accept("/")) name += `/${tokens.typeName("the name of a type")}`;
  tokens.expect("]");
  return `[${name}]`;
}
