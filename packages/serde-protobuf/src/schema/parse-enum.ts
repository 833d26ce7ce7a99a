import { parseOptionList, parseOptionStatement } from "./parse-option.ts";
import {
  enumNumberMax,
  fieldNumberMax,
  type EnumConstant,
  type EnumDeclaration,
  type NumberRange,
  type OptionDeclaration,
  type RangesDeclaration,
} from "./proto-file.ts";
import type { TokenReader } from "./token-reader.ts";

/** `NAME { … }`, the word `enum` taken. */
export function parseEnum(tokens: TokenReader): EnumDeclaration {
  const { line } = tokens.next;
  const name = tokens.name("the name of an enum");
  const constants: EnumConstant[] = [];
  const reserved: RangesDeclaration[] = [];
  const options: OptionDeclaration[] = [];
  tokens.expect("{");
  while (!tokens.accept("}")) {
    if (tokens.accept(";")) continue;
    const { line: constantLine } = tokens.next;
    const word = tokens.name("a constant of the enum");
    if (word === "option" && !tokens.isNext("=")) options.push(parseOptionStatement(tokens));
    else if (word === "reserved" && !tokens.isNext("=")) {
      reserved.push(parseRanges(tokens, enumNumberMax));
    } else {
      tokens.expect("=");
      const number = tokens.integer("the number of the constant");
      constants.push({ name: word, number, options: parseOptionList(tokens), line: constantLine });
      tokens.expect(";");
    }
  }
  return { kind: "enum", name, constants, reserved, options, line };
}

/** `1, 3 to 5, 9 to max;` or `"a", "b";`, the word before taken. */
export function parseRanges(tokens: TokenReader, max: number): RangesDeclaration {
  const values: (string | NumberRange)[] = [];
  do {
    // Editions write reserved names without quotes.
    if (tokens.next.kind === "text") values.push(tokens.texts("a name"));
    else if (tokens.next.kind === "word") values.push(tokens.name("a name"));
    else values.push(parseRange(tokens, max));
  } while (tokens.accept(","));
  const options = max === fieldNumberMax ? parseOptionList(tokens) : [];
  tokens.expect(";");
  return { values, options };
}

function parseRange(tokens: TokenReader, max: number): NumberRange {
  const start = tokens.integer("a number or a name");
  if (!tokens.accept("to")) return { start, end: start };
  return { start, end: tokens.accept("max") ? max : tokens.integer("the end of the range") };
}
