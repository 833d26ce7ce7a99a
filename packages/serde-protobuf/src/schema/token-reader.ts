import { SchemaError } from "@millrace/schema-registry";

export interface Token {
  readonly kind: "word" | "number" | "text" | "symbol" | "end";
  /** Of a text: what it says, its escapes resolved. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

const space = /\s+|\/\/[^\n]*|\/\*[^]*?\*\//y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number =
  /(?:0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?)(?![A-Za-z0-9_])/y;
const quoted = /"[^"\\\n]*(?:\\[^][^"\\\n]*)*"|'[^'\\\n]*(?:\\[^][^'\\\n]*)*'/y;
const symbol = /[{}()[\]<>;=,.:/+-]/y;

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Reads the tokens of a `.proto` text, one ahead. */
export class TokenReader {
  readonly #text: string;
  #position = 0;
  #line = 1;
  #lineStart = 0;
  #next: Token;

  constructor(text: string) {
    this.#text = text.replace(/^\uFEFF/, "");
    this.#next = this.#scan();
  }

  get next(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    this.#next = this.#scan();
    return token;
  }

  isNext(text: string): boolean {
    return this.#next.text === text && this.#next.kind !== "text";
  }

  /** Takes the token if it is this one. */
  accept(text: string): boolean {
    if (!this.isNext(text)) return false;
    this.take();
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) throw this.unexpected(`"${text}"`);
  }

  /** A name without dots. */
  name(what: string): string {
    if (this.#next.kind !== "word") throw this.unexpected(what);
    return this.take().text;
  }

  /** A name with dots, a leading one allowed. */
  typeName(what: string): string {
    let text = this.accept(".") ? "." : "";
    text += this.name(what);
    while (this.accept(".")) text += `.${this.name(what)}`;
    return text;
  }

  /** One or more texts, joined. */
  texts(what: string): string {
    if (this.#next.kind !== "text") throw this.unexpected(what);
    let text = this.take().text;
    while (this.#next.kind === "text") text += this.take().text;
    return text;
  }

  integer(what: string): number {
    const sign = this.accept("-") ? -1 : 1;
    const { kind, text } = this.#next;
    const isOctal = /^0[0-7]+$/.test(text);
    const value = isOctal ? Number.parseInt(text, 8) : Number(text);
    if (kind !== "number" || !Number.isSafeInteger(value)) throw this.unexpected(what);
    this.take();
    return sign * value;
  }

  unexpected(wanted: string): SchemaError {
    const { kind, text } = this.#next;
    const found = kind === "end" ? "the text ends" : `there is "${text.slice(0, 40)}"`;
    return this.error(`expected ${wanted}, but ${found}`);
  }

  error(problem: string, token: Token = this.#next): SchemaError {
    return invalidSchema(problem, token);
  }

  #scan(): Token {
    this.#skipSpaces();
    const line = this.#line;
    const column = this.#position - this.#lineStart + 1;
    const at = { line, column };
    if (this.#position >= this.#text.length) return { kind: "end", text: "", ...at };
    const scanned =
      this.#match("word", word) ?? this.#match("number", number) ?? this.#match("symbol", symbol);
    if (scanned !== undefined) return { ...scanned, ...at };
    const text = this.#match("text", quoted);
    if (text === undefined) {
      const character = String.fromCodePoint(this.#text.codePointAt(this.#position) ?? 0);
      const isQuote = character === '"' || character === "'";
      throw invalidSchema(
        isQuote ? "a text does not end on its line" : `"${character}" does not belong here`,
        at,
      );
    }
    return { kind: "text", text: unescaped(text.text.slice(1, -1)), ...at };
  }

  #match(kind: Token["kind"], pattern: RegExp): { kind: Token["kind"]; text: string } | undefined {
    pattern.lastIndex = this.#position;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined) return undefined;
    this.#position += text.length;
    return { kind, text };
  }

  #skipSpaces(): void {
    for (let from = this.#position; ; from = this.#position) {
      const skipped = this.#match("symbol", space)?.text;
      if (skipped === undefined) return;
      for (let at = skipped.indexOf("\n"); at >= 0; at = skipped.indexOf("\n", at + 1)) {
        this.#line++;
        this.#lineStart = from + at + 1;
      }
    }
  }
}

/** @param place line 0: the schema is a descriptor, which has no lines */
export function invalidSchema(
  problem: string,
  { line, column }: { readonly line: number; readonly column?: number },
): SchemaError {
  const at = `line ${line}${column === undefined ? "" : `, column ${column}`}: `;
  return new SchemaError(
    "INVALID_SCHEMA",
    `the Protobuf schema is invalid: ${line === 0 ? "" : at}${problem}`,
  );
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g,
    (_whole, octal?: string, hex?: string, ...more: (string | undefined)[]) => {
      const [short, long, other = ""] = more;
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      const code = hex ?? short ?? long;
      if (code === undefined) return escapes[other] ?? other;
      const point = Number.parseInt(code, 16);
      return point <= 0x10_ff_ff ? String.fromCodePoint(point) : "\uFFFD";
    },
  );
}
