import { RecordDeserializationError } from "@millrace/client";
import {
  ClusterError,
  OffsetOutOfRangeError,
  PartitionError,
  UnreadableBatchError,
} from "@millrace/cluster";
import { BaseError, messageOf, OptionError, stackOf } from "@millrace/model";
import {
  SerdeContractError,
  SerdeError,
  SerdePendingError,
  SerdeTimeoutError,
} from "@millrace/serde";
import { SnapshotError, StateError } from "@millrace/state";
import {
  ApplicationError,
  CallbackError,
  QueryError,
  StreamsError,
  TopologyConfigError,
  TopologyError,
} from "@millrace/streams";

import { EmbeddedClusterError } from "../embedded/embedded-cluster-error.ts";

/** An error as a message between threads has it: structured clones of errors lose their code and their class. */
export interface ToldFailure {
  /** Of the nearest of its classes that both threads have. */
  readonly family: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that can be sent, such as `code`. */
  readonly fields: Readonly<Record<string, ToldValue>>;
  readonly cause: ToldValue | undefined;
  /** Of an `AggregateError`. */
  readonly errors: readonly ToldValue[] | undefined;
}

/** Anything can be thrown, and be a cause. */
type ToldValue =
  | { readonly kind: "failure"; readonly failure: ToldFailure }
  | { readonly kind: "value"; readonly value: unknown };

/** All that users can import, and those of the language. */
const families: ReadonlyMap<string, object> = new Map(
  [
    BaseError,
    ApplicationError,
    CallbackError,
    ClusterError,
    EmbeddedClusterError,
    OffsetOutOfRangeError,
    OptionError,
    PartitionError,
    QueryError,
    RecordDeserializationError,
    SerdeContractError,
    SerdeError,
    SerdePendingError,
    SerdeTimeoutError,
    SnapshotError,
    StateError,
    StreamsError,
    TopologyConfigError,
    TopologyError,
    UnreadableBatchError,
    AggregateError,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    Error,
  ].map(({ name, prototype }) => [name, prototype]),
);

/** Causes of causes, at most. */
const depthMax = 8;
/** Causes, fields and errors of one failure, and theirs, at most. */
const failuresMax = 1000;

/** Where in a failure one is that is told with it. */
interface Telling {
  /** Those that it is of. One of them is not told again: whoever has several in a circle would have no end of them. */
  readonly above: readonly unknown[];
  readonly budget: { left: number };
}

const described = new Set(["cause", "errors", "message", "name", "stack"]);

export function tellFailure(thrown: unknown): ToldFailure {
  return tellOne(thrown, { above: [], budget: { left: failuresMax } });
}

function tellOne(thrown: unknown, { above, budget }: Telling): ToldFailure {
  const error = isError(thrown) ? thrown : new Error(messageOf(thrown));
  const below = { above: [...above, thrown], budget };
  const told = (values: readonly unknown[]): readonly ToldValue[] =>
    values.filter((value) => isTold(value, below)).map((value) => toldValue(value, below));
  const fields = keysOf(error).flatMap((field) => {
    const value = fieldOf(error, field);
    return described.has(field) || !isTellable(value)
      ? []
      : told([value]).map((one) => [field, one] as const);
  });
  const [name, cause, errors] = ["name", "cause", "errors"].map((field) => fieldOf(error, field));
  const family = familyOf(error);
  return {
    family,
    name: typeof name === "string" ? name : family,
    message: messageOf(error),
    stack: thrown === error ? stackOf(error) : undefined,
    fields: Object.fromEntries(fields),
    cause: cause === undefined ? undefined : told([cause])[0],
    errors: error instanceof AggregateError && Array.isArray(errors) ? told(errors) : undefined,
  };
}

/** An error of the same family, with the same fields and the stack of its own thread. */
export function failureOf(told: ToldFailure): Error {
  const { family, name, message, stack, fields, cause, errors } = told;
  const error = new Error(message, cause === undefined ? undefined : { cause: valueOf(cause) });
  Object.setPrototypeOf(error, families.get(family) ?? Error.prototype);
  for (const [field, value] of Object.entries(fields)) show(error, field, valueOf(value));
  if (error.name !== name || error instanceof BaseError) Object.assign(error, { name });
  if (errors !== undefined) hide(error, "errors", errors.map(valueOf));
  hide(error, "stack", stack);
  return error;
}

export function isClonable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** A program's own errors may throw where they are read, whatever is asked. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

export function isError(thrown: unknown): thrown is Error {
  return attempt(() => thrown instanceof Error, false);
}

function keysOf(error: Error): readonly string[] {
  return attempt(() => Object.keys(error), []);
}

function fieldOf(error: Error, field: string): unknown {
  return attempt(() => Reflect.get(error, field), undefined);
}

function familyOf(error: Error): string {
  for (let one: unknown = error; one !== null; one = Object.getPrototypeOf(one))
    for (const [name, prototype] of families) if (prototype === one) return name;
  return "Error";
}

function isTellable(value: unknown): boolean {
  return isError(value) || isClonable(value);
}

function isTold(value: unknown, { above, budget }: Telling): boolean {
  return above.length <= depthMax && !above.includes(value) && budget.left-- > 0;
}

/** What cannot be sent is told in words. */
function toldValue(value: unknown, telling: Telling): ToldValue {
  return !isError(value) && isClonable(value)
    ? { kind: "value", value }
    : { kind: "failure", failure: tellOne(value, telling) };
}

function valueOf(told: ToldValue): unknown {
  return told.kind === "value" ? told.value : failureOf(told.failure);
}

/** Also one that is called as what every object has, such as `__proto__`. */
function show(error: Error, field: string, value: unknown): void {
  const how = { value, writable: true, configurable: true, enumerable: true };
  Object.defineProperty(error, field, how);
}

/** As the language has such fields: they are not listed. */
function hide(error: Error, field: string, value: unknown): void {
  Object.defineProperty(error, field, { value, writable: true, configurable: true });
}
