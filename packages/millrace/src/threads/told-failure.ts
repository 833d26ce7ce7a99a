import { RecordDeserializationError } from "@millrace/client";
import {
  ClusterError,
  OffsetOutOfRangeError,
  PartitionError,
  UnreadableBatchError,
} from "@millrace/cluster";
import { BaseError, messageOf, OptionError } from "@millrace/model";
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

const described = new Set(["cause", "errors", "message", "name", "stack"]);

export function tellFailure(thrown: unknown, depth = 0): ToldFailure {
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  const { name, message, stack, cause } = error;
  const told = (values: readonly unknown[]): readonly ToldValue[] =>
    depth >= depthMax ? [] : values.map((value) => toldValue(value, depth + 1));
  const fields = Object.entries(error).flatMap(([field, value]) =>
    described.has(field) || !isTellable(value)
      ? []
      : told([value]).map((one) => [field, one] as const),
  );
  return {
    family: familyOf(error),
    name,
    message,
    stack: thrown === error ? stack : undefined,
    fields: Object.fromEntries(fields),
    cause: cause === undefined ? undefined : told([cause])[0],
    errors: error instanceof AggregateError ? told(error.errors) : undefined,
  };
}

/** An error of the same family, with the same fields and the stack of its own thread. */
export function failureOf(told: ToldFailure): Error {
  const { family, name, message, stack, fields, cause, errors } = told;
  const error = new Error(message, cause === undefined ? undefined : { cause: valueOf(cause) });
  Object.setPrototypeOf(error, families.get(family) ?? Error.prototype);
  for (const [field, value] of Object.entries(fields))
    Object.assign(error, { [field]: valueOf(value) });
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

function familyOf(error: Error): string {
  for (let one: unknown = error; one !== null; one = Object.getPrototypeOf(one))
    for (const [name, prototype] of families) if (prototype === one) return name;
  return "Error";
}

function isTellable(value: unknown): boolean {
  return value instanceof Error || isClonable(value);
}

/** What cannot be sent is told in words. */
function toldValue(value: unknown, depth: number): ToldValue {
  return !(value instanceof Error) && isClonable(value)
    ? { kind: "value", value }
    : { kind: "failure", failure: tellFailure(value, depth) };
}

function valueOf(told: ToldValue): unknown {
  return told.kind === "value" ? told.value : failureOf(told.failure);
}

/** As the language has such fields: they are not listed. */
function hide(error: Error, field: string, value: unknown): void {
  Object.defineProperty(error, field, { value, writable: true, configurable: true });
}
