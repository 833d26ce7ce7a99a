import { parseEnum, parseRanges } from "./parse-enum.ts";
import { nestingMax, parseOptionList, parseOptionStatement } from "./parse-option.ts";
import {
  fieldNumberMax,
  type ExtendDeclaration,
  type FieldDeclaration,
  type MessageDeclaration,
  type OneofDeclaration,
  type OptionDeclaration,
  type RangesDeclaration,
  type TypeDeclaration,
} from "./proto-file.ts";
import type { Token, TokenReader } from "./token-reader.ts";

interface MessageParts {
  readonly fields: FieldDeclaration[];
  readonly oneofs: OneofDeclaration[];
  readonly types: TypeDeclaration[];
  readonly extensions: ExtendDeclaration[];
  readonly extensionRanges: RangesDeclaration[];
  readonly reserved: RangesDeclaration[];
  readonly options: OptionDeclaration[];
}

/** `NAME { … }`, the word `message` taken. */
export function parseMessage(tokens: TokenReader, depth = 0): MessageDeclaration {
  const { line } = tokens.next;
  const name = tokens.name("the name of a message");
  return parseMessageBody(tokens, { name, line }, depth);
}

function parseMessageBody(
  tokens: TokenReader,
  { name, line }: { readonly name: string; readonly line: number },
  depth: number,
): MessageDeclaration {
  if (depth > nestingMax) throw tokens.error(`messages nest deeper than ${nestingMax} levels`);
  const parts: MessageParts = {
    fields: [],
    oneofs: [],
    types: [],
    extensions: [],
    extensionRanges: [],
    reserved: [],
    options: [],
  };
  tokens.expect("{");
  while (!tokens.accept("}")) parseMember(tokens, parts, depth);
  return { kind: "message", name, ...parts, line };
}

function parseMember(tokens: TokenReader, parts: MessageParts, depth: number): void {
  if (tokens.accept(";")) return;
  const first = tokens.next;
  if (tokens.isNext(".")) {
    parts.fields.push(parseField(tokens, { first, label: undefined, depth }));
    return;
  }
  const word = tokens.name("a field or another member of the message");
  const isKeyword = tokens.next.kind === "word" || word === "option";
  if (word === "message" && isKeyword) parts.types.push(parseMessage(tokens, depth + 1));
  else if (word === "enum" && isKeyword) parts.types.push(parseEnum(tokens));
  else if (word === "oneof") parts.oneofs.push(parseOneof(tokens, depth));
  else if (word === "extend") parts.extensions.push(parseExtend(tokens, depth));
  else if (word === "option") parts.options.push(parseOptionStatement(tokens));
  else if (word === "reserved") parts.reserved.push(parseRanges(tokens, fieldNumberMax));
  else if (word === "extensions") parts.extensionRanges.push(parseRanges(tokens, fieldNumberMax));
  else if ((word === "export" || word === "local") && isTypeKeyword(tokens)) {
    parseMember(tokens, parts, depth);
  } else parts.fields.push(parseFieldAfter(tokens, first, depth));
}

/** `export` and `local` before a message or an enum say who may import it: no part of what is sent. */
function isTypeKeyword(tokens: TokenReader): boolean {
  return tokens.isNext("message") || tokens.isNext("enum");
}

/** `TYPE { field; … }`, the word `extend` taken. */
export function parseExtend(tokens: TokenReader, depth = 0): ExtendDeclaration {
  const { line } = tokens.next;
  const type = tokens.typeName("the message to extend");
  const fields = parseFields(tokens, depth);
  return { type, fields: fields.fields, line };
}

function parseOneof(tokens: TokenReader, depth: number): OneofDeclaration {
  return { name: tokens.name("the name of a oneof"), ...parseFields(tokens, depth) };
}

function parseFields(
  tokens: TokenReader,
  depth: number,
): { readonly fields: FieldDeclaration[]; readonly options: OptionDeclaration[] } {
  const fields: FieldDeclaration[] = [];
  const options: OptionDeclaration[] = [];
  tokens.expect("{");
  while (!tokens.accept("}")) {
    if (tokens.accept(";")) continue;
    const first = tokens.next;
    if (tokens.accept("option")) options.push(parseOptionStatement(tokens));
    else if (tokens.isNext("."))
      fields.push(parseField(tokens, { first, label: undefined, depth }));
    else {
      tokens.name("a field");
      fields.push(parseFieldAfter(tokens, first, depth));
    }
  }
  return { fields, options };
}

/** A field of which the first word, a label or the start of its type, is taken. */
function parseFieldAfter(tokens: TokenReader, first: Token, depth: number): FieldDeclaration {
  const { text } = first;
  const isLabel = text === "optional" || text === "required" || text === "repeated";
  return parseField(tokens, isLabel ? { label: text, depth } : { first, label: undefined, depth });
}

interface FieldStart {
  /** A word of the type that was taken already. */
  readonly first?: Token;
  readonly label: FieldDeclaration["label"];
  readonly depth: number;
}

function parseField(tokens: TokenReader, { first, label, depth }: FieldStart): FieldDeclaration {
  const isTaken = first !== undefined && first.kind === "word";
  const type = isTaken
    ? restOfTypeName(tokens, first.text)
    : tokens.typeName("the type of a field");
  const map = type === "map" && tokens.isNext("<") ? parseMapTypes(tokens) : undefined;
  const { line } = tokens.next;
  if (type === "group" && tokens.next.kind === "word" && /^[A-Z]/.test(tokens.next.text)) {
    return parseGroup(tokens, label, depth);
  }
  const name = tokens.name("the name of the field");
  tokens.expect("=");
  const number = tokens.integer("the number of the field");
  const options = parseOptionList(tokens);
  tokens.expect(";");
  return { label, type, ...(map === undefined ? {} : { map }), name, number, options, line };
}

function restOfTypeName(tokens: TokenReader, start: string): string {
  let text = start;
  while (tokens.accept(".")) text += `.${tokens.name("the type of a field")}`;
  return text;
}

function parseMapTypes(tokens: TokenReader): { readonly key: string; readonly value: string } {
  tokens.expect("<");
  const key = tokens.typeName("the type of the map's keys");
  tokens.expect(",");
  const value = tokens.typeName("the type of the map's values");
  tokens.expect(">");
  return { key, value };
}

function parseGroup(
  tokens: TokenReader,
  label: FieldDeclaration["label"],
  depth: number,
): FieldDeclaration {
  const { line } = tokens.next;
  const type = tokens.name("the name of the group");
  tokens.expect("=");
  const number = tokens.integer("the number of the group");
  const options = parseOptionList(tokens);
  const group = parseMessageBody(tokens, { name: type, line }, depth + 1);
  return { label, type, group, name: type.toLowerCase(), number, options, line };
}
