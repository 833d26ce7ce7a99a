type Primitive = string | number | boolean | null | undefined;

declare const noForm: unique symbol;

/** No value is of this type: it stands where JSON has no form of its own. */
export interface NoForm {
  readonly [noForm]: never;
}

/**
 * The same type where JSON gives its values back as they were. What it has no form of its own for (bigint, `Date`, `Map`,
 * bytes, functions) would be read as something else, or not at all: nothing is assignable to it here.
 */
export type JsonValue<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : T extends bigint | symbol | ((...args: never) => unknown)
      ? NoForm
      : T extends readonly unknown[]
        ? { [Index in keyof T]: JsonValue<T[Index]> }
        : { [Member in keyof T]: Member extends symbol ? T[Member] : JsonValue<T[Member]> };

/** What the compiler says where JSON does not give a type back; else unknown. */
export type JsonRefusal<T> = [T] extends [JsonValue<T>]
  ? unknown
  : "JSON does not give this type back: a Date, Map, Set, bigint, bytes or function in it is read as something else. Say what JSON has, such as string for a Date, or give a schema that makes it";
