/** A value of JSON whose numbers are kept as they were written where a JavaScript number would change them. */
export type Json = null | boolean | string | number | JsonNumber | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

/** A number that JavaScript's own would print otherwise: an integer beyond 2^53, or `1.0`. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  get isInteger(): boolean {
    return /^-?\d+$/.test(this.source);
  }

  /** As Java's printer of JSON has it: integers in full, all else as a double. */
  toString(): string {
    return this.isInteger ? `${BigInt(this.source)}` : javaDouble(Number(this.source));
  }
}

/** @throws SyntaxError from `JSON.parse`, or RangeError where the nesting is too deep */
export function parseJson(text: string): Json {
  // The third argument is there since V8 11.4; the types of the library lag behind.
  const revive = (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" && context?.source !== undefined
      ? numberOf(value, context.source)
      : value;
  return JSON.parse(text, revive) as Json;
}

function numberOf(value: number, source: string): number | JsonNumber {
  const kept = new JsonNumber(source);
  return kept.toString() === `${value}` ? value : kept;
}

/** Without blanks, members in their order. */
export function printJson(json: Json): string {
  if (json instanceof JsonNumber) return json.toString();
  if (isJsonArray(json)) return `[${json.map(printJson).join(",")}]`;
  if (isJsonObject(json)) {
    const members = Object.entries(json).map(
      ([name, value]) => `${JSON.stringify(name)}:${printJson(value)}`,
    );
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(json);
}

/** The same with the members of all objects in the order of their names. */
export function sortJson(json: Json): Json {
  if (isJsonArray(json)) return json.map(sortJson);
  if (!isJsonObject(json)) return json;
  const sorted = Object.entries(json).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, sortJson(value)]));
}

export function isJsonArray(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

export function isJsonObject(json: Json | undefined): json is JsonObject {
  return (
    typeof json === "object" &&
    json !== null &&
    !Array.isArray(json) &&
    !(json instanceof JsonNumber)
  );
}

/** The integer that a number of JSON stands for; undefined: it is none. */
export function jsonInteger(json: Json | undefined): bigint | undefined {
  if (json instanceof JsonNumber) return json.isInteger ? BigInt(json.source) : undefined;
  return typeof json === "number" && Number.isInteger(json) ? BigInt(json) : undefined;
}

/** The double that a number of JSON stands for; undefined: it is none. */
export function jsonDouble(json: Json | undefined): number | undefined {
  if (json instanceof JsonNumber) return Number(json.source);
  return typeof json === "number" ? json : undefined;
}

/** A double as Java's `Double.toString` prints it: with a fraction, and an `E` outside of 10^-3 to 10^7. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(`${value}`);
  const magnitude = Math.abs(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    return Number.isInteger(value) ? `${value}.0` : `${value}`;
  }
  const [digits, exponent] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
