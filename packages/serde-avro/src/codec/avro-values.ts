import { concatBytes, noBytes } from "@millrace/model";

import type { AvroSchema } from "../schema/avro-schema.ts";
import { withinDepth } from "../schema/within-depth.ts";
import { AvroError } from "./avro-error.ts";
import { compileReader, type ReadValue } from "./compile-reader.ts";
import { compileWriter, type WriteValue } from "./compile-writer.ts";
import { MismatchExplainer } from "./explain-mismatch.ts";
import { ReadCursor, tooDeep } from "./read-cursor.ts";
import type { ValueOptions } from "./value-form.ts";
import { WriteCursor } from "./write-cursor.ts";

/** All values are read one after the other: no code of a user runs in between. */
const readCursor = new ReadCursor();
/** Absent while a value is written: its getters may write others. */
let spareCursor: WriteCursor | undefined = new WriteCursor();

/** Values of one schema to bytes. */
export class AvroValueWriter {
  readonly #schema: AvroSchema;
  readonly #options: ValueOptions;
  readonly #write: WriteValue;
  #explainer: MismatchExplainer | undefined;

  constructor(schema: AvroSchema, options: ValueOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#write = withinDepth(() => compileWriter(schema, options));
  }

  /**
   * New bytes, which begin with the prefix.
   *
   * @throws AvroError `INVALID_VALUE`, with the place in the value; `LIMIT_EXCEEDED`
   */
  write(value: unknown, prefix: Uint8Array = noBytes): Uint8Array {
    const cursor = spareCursor ?? new WriteCursor();
    spareCursor = undefined;
    try {
      return cursor.collect(prefix, this.#write, value);
    } catch (error) {
      throw this.#explained(error, value);
    } finally {
      spareCursor = cursor;
    }
  }

  #explained(error: unknown, value: unknown): unknown {
    if (error instanceof RangeError) return tooDeep();
    const isMismatch = error instanceof AvroError && error.code === "INVALID_VALUE";
    if (!isMismatch) return error;
    this.#explainer ??= new MismatchExplainer(this.#schema, this.#options);
    return this.#explainer.explain(value);
  }
}

/** Bytes of a writer's schema to values as a reader's schema has them. */
export class AvroValueReader {
  readonly #read: ReadValue;

  constructor(writer: AvroSchema, reader: AvroSchema, options: ValueOptions) {
    this.#read = withinDepth(() => compileReader(writer, reader, options));
  }

  /**
   * The value from `at` to the end of the bytes; nothing of them is kept.
   *
   * @throws AvroError
   */
  read(bytes: Uint8Array, at = 0): unknown {
    readCursor.open(bytes, at);
    try {
      const value = this.#read(readCursor);
      readCursor.finish();
      return value;
    } catch (error) {
      // The host's stack is shorter than the depth that we grant where records are wide.
      throw error instanceof RangeError ? tooDeep() : error;
    }
  }
}

/** Confluent's clients write the schema `"bytes"` alone as it is, without the length that Avro puts before it. */
export function isBareBytes(schema: AvroSchema): boolean {
  return schema.kind === "bytes";
}

/** Bare bytes as Avro has them. */
export function withLength(bytes: Uint8Array, at: number): Uint8Array {
  return new WriteCursor().collect(
    noBytes,
    (cursor, value) => cursor.putBytes(value),
    bytes.subarray(at),
  );
}

/** What follows the length, behind a prefix. */
export function withoutLength(bytes: Uint8Array, prefix: Uint8Array): Uint8Array {
  const cursor = new ReadCursor();
  cursor.open(bytes, 0);
  return concatBytes(prefix, cursor.bytes());
}
