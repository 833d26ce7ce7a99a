// What TypeScript says where a callback gives what it must not: the type that is asked for becomes the text of the
// advice, to which nothing is assignable, so that the compiler prints it.

import type { KeyValue } from "../operators/map.ts";

type Advice<Operator extends string> =
  `${Operator} is synchronous: its callback must not give a promise`;

/** `Ok`, unless `R` may be of the kind `Wrong`; what is any may be all that is asked for. */
type Unless<R, Wrong, Text extends string, Ok> = 0 extends 1 & R
  ? Ok
  : [Extract<R, Wrong>] extends [never]
    ? Ok
    : Text;

/** What a callback gives, unless it is a promise. */
export type SynchronousResult<R, Operator extends string> = Unless<
  R,
  PromiseLike<unknown>,
  Advice<Operator>,
  R
>;

/** What a callback gives, unless it is a promise or undefined. */
export type CallbackResult<R, Operator extends string> = Unless<
  R,
  PromiseLike<unknown>,
  Advice<Operator>,
  Unless<
    R,
    undefined | void,
    `${Operator} takes no undefined: its callback must give a value, or null where there is none`,
    R
  >
>;

/** A record, unless it is a promise or something else. Unknown stays unknown, as for `ListItem`. */
export type RecordResult<R, Operator extends string> = Unless<
  R,
  PromiseLike<unknown>,
  Advice<Operator>,
  unknown extends R
    ? R
    : [R] extends [KeyValue<unknown, unknown>]
      ? R
      : `${Operator} makes records: its callback must give { key, value }`
>;

/** A list of what `Item` allows, unless it is a promise or a string. */
export type ListResult<R, Item, Operator extends string> = Unless<
  R,
  PromiseLike<unknown>,
  Advice<Operator>,
  Unless<
    R,
    string,
    `${Operator} takes a string for one value: its callback must give a list, such as [text]`,
    R extends Iterable<Item> ? R : Iterable<Item>
  >
>;

/**
 * What a list holds. Unknown stays unknown: so it is while tsc reads the options, before the callback, and a serde among
 * them must fit that.
 */
export type ListItem<R> = unknown extends R
  ? unknown
  : R extends Iterable<infer Item>
    ? Item
    : never;

/** The key of what `map`, `flatMap`, or a table's `groupBy` makes. */
export type RecordKey<R> = unknown extends R
  ? unknown
  : R extends { readonly key: infer K }
    ? K
    : never;
/** The value of what `map`, `flatMap`, or a table's `groupBy` makes. */
export type RecordValue<R> = unknown extends R
  ? unknown
  : R extends { readonly value: infer V }
    ? V
    : never;

/** A predicate, unless it gives a promise, which would always hold. */
export type SynchronousPredicate<P, Operator extends string> = P extends (
  ...parameters: never
) => infer R
  ? [Extract<R, PromiseLike<unknown>>] extends [never]
    ? P
    : Advice<Operator>
  : P;

/** Any type guard: as a method, it may have parameters of any type. */
export type Guard<V2> = { test(value: unknown, key: unknown): value is V2 }["test"];

/** What a predicate leaves: of a type guard, what it guards. */
export type KeptBy<V, P> = P extends Guard<infer V2> ? V2 : V;

/** What a predicate takes away. */
export type LeftOutBy<V, P> = P extends Guard<infer V2> ? Exclude<V, V2> : V;
