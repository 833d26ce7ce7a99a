import { parseEnum } from "./parse-enum.ts";
import { parseExtend, parseMessage } from "./parse-message.ts";
import { parseOptionStatement } from "./parse-option.ts";
import type {
  ExtendDeclaration,
  ImportDeclaration,
  MethodDeclaration,
  OptionDeclaration,
  ProtoFile,
  ProtoSyntax,
  ServiceDeclaration,
  TypeDeclaration,
} from "./proto-file.ts";
import { TokenReader } from "./token-reader.ts";

interface FileParts {
  readonly imports: ImportDeclaration[];
  readonly options: OptionDeclaration[];
  readonly types: TypeDeclaration[];
  readonly extensions: ExtendDeclaration[];
  readonly services: ServiceDeclaration[];
}

/**
 * Reads the text of a `.proto` file.
 *
 * @throws SchemaError `INVALID_SCHEMA`, with line and column
 */
export function parseProto(text: string): ProtoFile {
  const tokens = new TokenReader(text);
  const parts: FileParts = { imports: [], options: [], types: [], extensions: [], services: [] };
  let syntax: ProtoSyntax = { kind: "none" };
  let packageName = "";
  while (tokens.next.kind !== "end") {
    if (tokens.accept(";")) continue;
    const word = tokens.next;
    if (tokens.accept("syntax") || tokens.accept("edition")) {
      if (syntax.kind !== "none" || hasParts(parts) || packageName !== "") {
        throw tokens.error(`"${word.text}" stands once, and first`, word);
      }
      syntax = parseSyntax(tokens, word.text);
    } else if (tokens.accept("package")) {
      if (packageName !== "") throw tokens.error("the package is named twice", word);
      packageName = tokens.typeName("the name of the package");
      tokens.expect(";");
    } else parseDeclaration(tokens, parts);
  }
  return { syntax, packageName, ...parts };
}

function hasParts(parts: FileParts): boolean {
  return Object.values(parts).some((list) => list.length > 0);
}

function parseSyntax(tokens: TokenReader, word: string): ProtoSyntax {
  tokens.expect("=");
  const { next } = tokens;
  const text = tokens.texts(word === "syntax" ? '"proto2" or "proto3"' : "an edition");
  tokens.expect(";");
  if (word === "edition") return { kind: "edition", edition: text };
  if (text !== "proto2" && text !== "proto3") {
    throw tokens.error(`the syntax is "proto2" or "proto3", not "${text.slice(0, 40)}"`, next);
  }
  return { kind: text };
}

function parseDeclaration(tokens: TokenReader, parts: FileParts): void {
  if (tokens.accept("import")) parts.imports.push(parseImport(tokens));
  else if (tokens.accept("option")) parts.options.push(parseOptionStatement(tokens));
  else if (tokens.accept("message")) parts.types.push(parseMessage(tokens));
  else if (tokens.accept("enum")) parts.types.push(parseEnum(tokens));
  else if (tokens.accept("extend")) parts.extensions.push(parseExtend(tokens));
  else if (tokens.accept("service")) parts.services.push(parseService(tokens));
  else if (tokens.accept("export") || tokens.accept("local")) {
    // Who may import a type is no part of what is sent.
    if (!tokens.isNext("message") && !tokens.isNext("enum")) {
      throw tokens.unexpected('"message" or "enum"');
    }
  } else throw tokens.unexpected("a message or another declaration");
}

function parseImport(tokens: TokenReader): ImportDeclaration {
  let kind: ImportDeclaration["kind"] = "plain";
  for (const word of ["public", "weak", "option"] as const) {
    if (tokens.accept(word)) kind = word;
  }
  const path = tokens.texts("the file to import");
  tokens.expect(";");
  return { path, kind };
}

function parseService(tokens: TokenReader): ServiceDeclaration {
  const name = tokens.name("the name of a service");
  const methods: MethodDeclaration[] = [];
  const options: OptionDeclaration[] = [];
  tokens.expect("{");
  while (!tokens.accept("}")) {
    if (tokens.accept(";")) continue;
    if (tokens.accept("option")) options.push(parseOptionStatement(tokens));
    else {
      tokens.expect("rpc");
      methods.push(parseMethod(tokens));
    }
  }
  return { name, methods, options };
}

function parseMethod(tokens: TokenReader): MethodDeclaration {
  const { line } = tokens.next;
  const name = tokens.name("the name of a method");
  const input = parseMethodType(tokens);
  tokens.expect("returns");
  const output = parseMethodType(tokens);
  const options: OptionDeclaration[] = [];
  if (tokens.accept("{")) {
    while (!tokens.accept("}")) {
      if (tokens.accept(";")) continue;
      tokens.expect("option");
      options.push(parseOptionStatement(tokens));
    }
  } else tokens.expect(";");
  return {
    name,
    input: input.type,
    isInputStreamed: input.isStreamed,
    output: output.type,
    isOutputStreamed: output.isStreamed,
    options,
    line,
  };
}

function parseMethodType(tokens: TokenReader): {
  readonly type: string;
  readonly isStreamed: boolean;
} {
  tokens.expect("(");
  const word = tokens.typeName("the type of the method");
  const isStreamed = word === "stream" && !tokens.isNext(")");
  const type = isStreamed ? tokens.typeName("the type of the method") : word;
  tokens.expect(")");
  return { type, isStreamed };
}
