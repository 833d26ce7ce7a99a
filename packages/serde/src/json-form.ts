/**
 * Why JSON would lose the value without a word: NaN becomes null, a Map `{}`, a function nothing. Undefined: it
 * would not. Cycles are `JSON.stringify`'s to find, so call that first.
 *
 * @returns such as `.items[2] is NaN`
 */
export function lossOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : ` is ${value}`;
    case "object":
      return value === null ? undefined : lossOfObject(value);
    case "undefined":
      return " is undefined";
    default:
      return ` is a ${typeof value}`;
  }
}

function lossOfObject(value: object): string | undefined {
  if (!hasOwnForm(value)) return lossWithin(value);
  // As JSON does: of what toJSON gives, no further toJSON is asked.
  const form = value.toJSON("");
  if (form === null && tagOf(value) === "Date") return " is an invalid Date";
  return typeof form === "object" && form !== null ? lossWithin(form) : lossOf(form);
}

function lossWithin(value: object): string | undefined {
  if (Array.isArray(value)) return lossOfList(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  if (!isPlain) {
    // Of what is built in, such as a Map, JSON sees no part.
    const tag = tagOf(value);
    if (tag !== "Object") return ` is a ${tag}`;
  }
  for (const key in value) {
    if (!isPlain && !Object.hasOwn(value, key)) continue;
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member === undefined) continue;
    const loss = lossOf(member);
    if (loss !== undefined) return step(key) + loss;
  }
  return undefined;
}

function lossOfList(list: readonly unknown[]): string | undefined {
  for (let index = 0; index < list.length; index++) {
    const loss = lossOf(list[index]);
    if (loss !== undefined) return `[${index}]${loss}`;
  }
  return undefined;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** True: `read` has the JSON form of `value`, or leaves parts of it out. */
export function isReadOf(read: unknown, value: unknown): boolean {
  if (read === value) return true;
  const left = ownForm(read);
  const right = ownForm(value);
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return left === right;
  if (Array.isArray(left)) return Array.isArray(right) && isReadOfList(left, right);
  if (Array.isArray(right)) return false;
  const members = right as Readonly<Record<string, unknown>>;
  for (const key in left)
    if (!isReadOf((left as Readonly<Record<string, unknown>>)[key], members[key])) return false;
  return true;
}

function isReadOfList(read: readonly unknown[], value: readonly unknown[]): boolean {
  if (read.length !== value.length) return false;
  for (let index = 0; index < read.length; index++)
    if (!isReadOf(read[index], value[index])) return false;
  return true;
}

function hasOwnForm(value: unknown): value is { toJSON(key: string): unknown } {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as { readonly toJSON?: unknown }).toJSON === "function";
}

function ownForm(value: unknown): unknown {
  return hasOwnForm(value) ? value.toJSON("") : value;
}
