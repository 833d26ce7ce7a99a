import type { JsonArray, JsonNumber, JsonObject, JsonValue } from "./json-value.ts";

/** A text nested deeper is refused, so that whatever walks the value may recurse. */
export const nestingMax = 300;

const digitsMax = 1000;

const blank = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// A string's end is sought without looking inside; JSON.parse then reads it.
const quoted = /"(?:[^"\\]|\\.)*"/sy;

/**
 * Reads a text of JSON.
 * @throws SyntaxError with line and column
 */
export function parseJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > nestingMax) throw this.#failure(`it is nested deeper than ${nestingMax}`);
    this.#skip(blank);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(depth);
    if (first === "[") return this.#array(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  end(): void {
    this.#skip(blank);
    if (this.#at < this.#text.length) throw this.#failure("nothing may follow the value");
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.#at += 1;
    if (this.#takes("}")) return members;
    do {
      this.#skip(blank);
      if (this.#text[this.#at] !== '"')
        throw this.#failure("a member's name in quotes is expected");
      const name = this.#string();
      if (!this.#takes(":")) throw this.#failure("':' is expected");
      members.set(name, this.value(depth + 1));
    } while (this.#takes(","));
    if (!this.#takes("}")) throw this.#failure("',' or '}' is expected");
    return members;
  }

  #array(depth: number): JsonArray {
    const items: JsonValue[] = [];
    this.#at += 1;
    if (this.#takes("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.#takes(","));
    if (!this.#takes("]")) throw this.#failure("',' or ']' is expected");
    return items;
  }

  #string(): string {
    const start = this.#at;
    if (!this.#skip(quoted)) throw this.#failure("the string has no end");
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      throw this.#failure("the string holds what JSON does not allow");
    }
  }

  #number(): JsonNumber {
    const start = this.#at;
    if (!this.#skip(number)) throw this.#failure("a value is expected");
    const digits = this.#text.slice(start, this.#at);
    if (digits.length <= digitsMax && !/[eE][+-]?[0-9]{7}/.test(digits)) return { digits };
    this.#at = start;
    throw this.#failure("the number has too many digits");
  }

  /** True: the next sign, blanks aside, was this one, and is passed. */
  #takes(sign: string): boolean {
    this.#skip(blank);
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const isFound = pattern.test(this.#text);
    if (isFound) this.#at = pattern.lastIndex;
    return isFound;
  }

  #failure(reason: string): SyntaxError {
    const lines = this.#text.slice(0, this.#at).split("\n");
    const column = lines[lines.length - 1].length + 1;
    return new SyntaxError(`${reason}, at line ${lines.length}, column ${column}`);
  }
}

const words: readonly (readonly [string, JsonValue])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
