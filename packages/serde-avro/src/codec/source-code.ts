/** Source of functions that call each other, compiled as one; and what they need that is no source. */
export class SourceCode {
  readonly #functions: string[] = [];
  readonly #values: unknown[] = [];

  /** The name of a function that has its body later. */
  declare(): string {
    return `f${this.#functions.push("") - 1}`;
  }

  define(name: string, parameters: string, body: string): void {
    this.#functions[Number(name.slice(1))] = `function ${name}(${parameters}) {\n${body}\n}`;
  }

  /** An expression for a value. */
  value(value: unknown): string {
    return `k[${this.#values.push(value) - 1}]`;
  }

  /** The function that has this name. */
  compile(name: string): unknown {
    const source = `"use strict";\n${this.#functions.join("\n")}\nreturn ${name};`;
    // The names in it are checked by the parser of schemas, and stand in quotes.
    // oxlint-disable-next-line no-new-func -- avsc does so as well: a loop over fields is several times slower
    return new Function("k", source)(this.#values);
  }
}

/** A member of an object literal; this name alone would set the prototype. */
export function memberName(name: string): string {
  return name === "__proto__" ? `["__proto__"]` : JSON.stringify(name);
}

/** An expression for a member that an object has itself: every object inherits some, such as `constructor`. */
export function memberOf(object: string, name: string): string {
  const text = JSON.stringify(name);
  const member = `${object}[${text}]`;
  return name in Object.prototype
    ? `(Object.hasOwn(${object}, ${text}) ? ${member} : undefined)`
    : member;
}
