import { SchemaError } from "@millrace/schema-registry";

/**
 * Types that name each other in a chain may be more than the host's stack has room for, however flat their text is.
 *
 * @throws SchemaError `INVALID_SCHEMA` where they are
 */
export function withinDepth<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const what = "the Avro schema is invalid: its types name each other in too long a chain";
    throw new SchemaError("INVALID_SCHEMA", what, { cause });
  }
}
