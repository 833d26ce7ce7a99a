import type { Uuid } from "../wire/uuid.ts";

/** Kinds of fields that have no parts. */
export type ScalarKind =
  | "bool"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "float64"
  | "uuid"
  | "string"
  | "bytes"
  | "records";

/**
 * In which versions a field is there and what stands for it elsewhere. Absent bounds are the
 * message's own.
 */
export interface FieldOptions {
  /** First version that has the field. */
  readonly since?: number;
  /** Last version that has the field. */
  readonly until?: number;
  /** The field stands in the tag buffer under this number. */
  readonly tag?: number;
  /** First version that may be null; true: all. */
  readonly nullable?: true | number;
  /**
   * Value where it is absent or not given. Default: 0, false, "", no bytes, no elements, all
   * defaults.
   */
  readonly default?: unknown;
  /**
   * Silently left out where the version lacks it; otherwise a value that is not the default is an
   * error.
   */
  readonly ignorable?: true;
}

/** Options of a field whose default is a `T`. */
export type OptionsOf<T> = Omit<FieldOptions, "default"> & { readonly default?: T };

/**
 * One field of a message as a value. `Value` is what decoding gives, `Given` what encoding takes.
 * The last three members exist for inference alone and are never set.
 */
export interface Field<Value = unknown, Given = Value, Required extends boolean = boolean> {
  readonly kind: ScalarKind | "array" | "struct";
  readonly options: FieldOptions;
  /** Of an array. */
  readonly element?: Field;
  /** Of a struct. */
  readonly fields?: Fields;
  readonly value?: Value;
  readonly given?: Given;
  readonly required?: Required;
}

/** Fields by name, in the order of the wire. */
export type Fields = { readonly [name: string]: Field };

/** What decoding gives: every field is there, with its default where the version lacks it. */
export type DecodedFields<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer Value, infer _Given> ? Value : never;
};

type RequiredNames<F extends Fields> = {
  [Name in keyof F]: F[Name] extends Field<infer _Value, infer _Given, true> ? Name : never;
}[keyof F];

/** What encoding takes: fields with a default, a tag or bounds of versions may be left out. */
export type GivenFields<F extends Fields> = {
  readonly [Name in RequiredNames<F>]: F[Name] extends Field<infer _Value, infer Given>
    ? Given
    : never;
} & {
  readonly [Name in Exclude<keyof F, RequiredNames<F>>]?: F[Name] extends Field<
    infer _Value,
    infer Given
  >
    ? Given
    : never;
};

type OrNull<O, T> = O extends { readonly nullable: true | number } ? T | null : T;

type IsRequired<O> = O extends
  | { readonly since: number }
  | { readonly until: number }
  | { readonly tag: number }
  | { readonly default: unknown }
  ? false
  : true;

type FieldOf<Value, Given, O> = Field<OrNull<O, Value>, OrNull<O, Given>, IsRequired<O>>;

function scalar<T>(kind: ScalarKind) {
  return <const O extends OptionsOf<T | null> = Record<never, never>>(
    options?: O,
  ): FieldOf<T, T, O> => ({
    kind,
    options: options ?? {},
  });
}

export const bool = scalar<boolean>("bool");
export const int8 = scalar<number>("int8");
export const int16 = scalar<number>("int16");
export const uint16 = scalar<number>("uint16");
export const int32 = scalar<number>("int32");
export const uint32 = scalar<number>("uint32");
/** A number: beyond ±2^53 the nearest double; encoding saturates. */
export const int64 = scalar<number>("int64");
export const float64 = scalar<number>("float64");
export const uuid = scalar<Uuid>("uuid");
export const string = scalar<string>("string");
/** Decoded as a view. */
export const bytes = scalar<Uint8Array>("bytes");

/** What a records field takes: one range of bytes or several in a row, none of them copied. */
export type GivenRecords = Uint8Array | readonly Uint8Array[];

/** Record batches: decoded as a view, encoded without a copy. */
export function records<const O extends OptionsOf<null> = Record<never, never>>(
  options?: O,
): FieldOf<Uint8Array, GivenRecords, O> {
  return { kind: "records", options: options ?? {} };
}

type ElementOf<E extends Field | Fields> =
  E extends Field<infer Value, infer _Given> ? Value : E extends Fields ? DecodedFields<E> : never;
type GivenElementOf<E extends Field | Fields> =
  E extends Field<infer _Value, infer Given> ? Given : E extends Fields ? GivenFields<E> : never;

/** A list: of one field, or of structs given by their fields. */
export function array<
  const E extends Field | Fields,
  const O extends OptionsOf<null | readonly []> = Record<never, never>,
>(element: E, options?: O): FieldOf<readonly ElementOf<E>[], readonly GivenElementOf<E>[], O> {
  return {
    kind: "array",
    options: options ?? {},
    element: isField(element) ? element : struct(element),
  };
}

/** Fields within a field. */
export function struct<
  const F extends Fields,
  const O extends OptionsOf<null> = Record<never, never>,
>(fields: F, options?: O): FieldOf<DecodedFields<F>, GivenFields<F>, O> {
  return { kind: "struct", options: options ?? {}, fields };
}

function isField(element: Field | Fields): element is Field {
  return typeof element.kind === "string";
}
