import { ClusterError } from "@millrace/cluster";
import { messageOf, OptionError } from "@millrace/model";
import { SerdeError } from "@millrace/serde";
import { SnapshotError, StateError } from "@millrace/state";
import {
  ApplicationError,
  CallbackError,
  QueryError,
  StreamsError,
  TopologyError,
} from "@millrace/streams";

/** An error as a message between threads has it: structured clones of errors lose their code and their class. */
export interface ToldFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields that can be sent, such as `code`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: ToldFailure | undefined;
}

const families: readonly { readonly name: string; readonly prototype: object }[] = [
  ApplicationError,
  CallbackError,
  ClusterError,
  OptionError,
  QueryError,
  SerdeError,
  SnapshotError,
  StateError,
  StreamsError,
  TopologyError,
];

/** Causes of causes, at most. */
const depthMax = 8;

export function tellFailure(error: unknown, depth = 0): ToldFailure {
  if (!(error instanceof Error))
    return {
      name: "Error",
      message: messageOf(error),
      stack: undefined,
      fields: {},
      cause: undefined,
    };
  const { name, message, stack, cause } = error;
  const fields = Object.fromEntries(
    Object.entries(error).filter(([field, value]) => field !== "cause" && isClonable(value)),
  );
  const told = cause === undefined || depth >= depthMax ? undefined : tellFailure(cause, depth + 1);
  return { name, message, stack, fields, cause: told };
}

/** An error of the same family, with the same fields and the stack of its own thread. */
export function failureOf({ name, message, stack, fields, cause }: ToldFailure): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: failureOf(cause) });
  const family = families.find((one) => one.name === name);
  if (family !== undefined) Object.setPrototypeOf(error, family.prototype);
  Object.assign(error, fields, { name });
  error.stack = stack;
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
