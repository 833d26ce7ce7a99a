import { printedDecimal } from "./decimal.ts";
import { isArray, isNumber, isObject, type JsonObject, type JsonValue } from "./json-value.ts";

/** In which order members stand. */
export type MemberOrder = "as written" | "sorted";

/** The text without blanks, to the letter as a Java registry prints it. */
export function printJson(value: JsonValue, order: MemberOrder): string {
  if (typeof value === "string") return printString(value);
  if (isNumber(value)) return printedDecimal(value.digits);
  if (isArray(value)) return `[${value.map((item) => printJson(item, order)).join(",")}]`;
  if (!isObject(value)) return String(value);
  const members = membersOf(value, order);
  return `{${members.map(([name, member]) => `${printString(name)}:${printJson(member, order)}`).join(",")}}`;
}

function membersOf(
  value: JsonObject,
  order: MemberOrder,
): readonly (readonly [string, JsonValue])[] {
  const members = [...value];
  return order === "sorted" ? members.sort(([a], [b]) => (a < b ? -1 : 1)) : members;
}

/** Java writes control characters with capital digits, and halves of pairs as they are. */
function printString(text: string): string {
  const escaped = text.replace(
    /["\\\p{Cc}]/gu,
    (sign) => escapes[sign] ?? (sign < " " ? unicodeEscape(sign) : sign),
  );
  return `"${escaped}"`;
}

function unicodeEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};
