const lengthMax = 80;

/** A value as an error's message shows it: never more than a line, never what a large object holds. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > lengthMax ? `${value.slice(0, lengthMax)}…` : value);
  }
  if (typeof value === "function")
    return isSynchronousFunction(value) ? "a function" : "an async function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (isPromise(value)) return "a promise (await it first)";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  const { constructor } = value;
  return typeof constructor !== "function" || constructor === Object
    ? "an object"
    : `a value of class ${constructor.name}`;
}

/** True for whatever has a `then`, which an `await` would wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null) return false;
  return typeof (value as { readonly then?: unknown }).then === "function";
}

/** A function that is not declared `async`; one that gives promises all the same shows only by what it gives. */
export function isSynchronousFunction(value: unknown): boolean {
  return (
    typeof value === "function" &&
    !Object.prototype.toString.call(value).startsWith("[object Async")
  );
}
