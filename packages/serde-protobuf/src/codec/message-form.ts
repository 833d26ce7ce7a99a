import { messageOf } from "@millrace/model";
import protobufjs, { type Reader, type Writer } from "protobufjs";

import type { JsonValues } from "./json-values.ts";
import { ProtobufError } from "./protobuf-error.ts";
import { allocated, copyingReader, copyOf, type MessageCodec } from "./wire.ts";

/** One message's values to bytes and back. */
export interface MessageForm<T> {
  /** Undefined: a class that does not tell it. */
  readonly fullName: string | undefined;
  /** New bytes, which begin with a copy of `prefix`. */
  write(value: T, prefix: Uint8Array): Uint8Array;
  /** @param at where the message begins; it goes up to the end */
  read(bytes: Uint8Array, at: number): T;
}

/** A writer whose buffer has grown beyond this is let go. */
const keptBufferSizeMax = 1_048_576;

/** By the schema's text. */
export class ReflectedForm<T> implements MessageForm<T> {
  readonly fullName: string;
  readonly #codec: MessageCodec;
  /** Taken while it is used: a getter of a value might write another value. */
  #idle: Writer | undefined;

  constructor(codec: MessageCodec, fullName: string) {
    this.fullName = fullName;
    this.#codec = codec;
  }

  write(value: T, prefix: Uint8Array): Uint8Array {
    const writer = this.#idle ?? protobufjs.Writer.create();
    this.#idle = undefined;
    writer.pos = 0;
    try {
      this.#codec.encode(value, writer, 0);
    } catch (error) {
      throw unwritten(this.fullName, error);
    }
    const bytes = allocated(prefix.length + writer.pos);
    bytes.set(prefix);
    writer.finishInto(bytes, prefix.length);
    if (writer.buf.length <= keptBufferSizeMax) this.#idle = writer;
    return bytes;
  }

  read(bytes: Uint8Array, at: number): T {
    const reader = copyingReader(bytes, at);
    try {
      return this.#codec.decode(reader, reader.len, 0) as T;
    } catch (error) {
      throw unread(this.fullName, error);
    }
  }
}

/** Values are in Protobuf's JSON mapping. */
export function jsonForm<T>(inner: MessageForm<unknown>, json: JsonValues): MessageForm<T> {
  const { fullName = "" } = inner;
  return {
    fullName,
    write: (value, prefix) => {
      let converted: unknown;
      try {
        converted = json.fromJson(fullName, value);
      } catch (error) {
        throw unwritten(fullName, error);
      }
      return inner.write(converted, prefix);
    },
    read: (bytes, at) => {
      const value = inner.read(bytes, at);
      try {
        return json.toJson(fullName, value) as T;
      } catch (error) {
        throw unread(fullName, error);
      }
    },
  };
}

/** A class that `pbjs` generated: its values are what the class makes of them. */
export interface ProtobufType<T> {
  encode(message: T, writer?: Writer): { finish(): Uint8Array };
  decode(bytes: Uint8Array | Reader): T;
  getTypeUrl?(prefix: string): string;
}

/** A `Type` of protobufjs, which does not tell the type of its values. */
export interface ReflectedType {
  readonly fullName: string;
  encode(message: object, writer?: Writer): { finish(): Uint8Array };
  decode(bytes: Uint8Array | Reader): object;
}

/** @param given the full name of the message; undefined: what the class says */
export function staticForm<T>(type: ProtobufType<T>, given: string | undefined): MessageForm<T> {
  const fullName = given ?? fullNameOf(type);
  const shownName = fullName ?? "message of the class";
  const takesReader = isOfThisLibrary(type);
  return {
    fullName,
    write: (value, prefix) => {
      const writer = protobufjs.Writer.create();
      if (prefix.length > 0) writer.raw(prefix);
      try {
        return type.encode(value, writer).finish();
      } catch (error) {
        throw unwritten(shownName, error);
      }
    },
    read: (bytes, at) => {
      try {
        return type.decode(takesReader ? copyingReader(bytes, at) : copyOf(bytes.subarray(at)));
      } catch (error) {
        throw unread(shownName, error);
      }
    },
  };
}

/** Whether a class is of the protobufjs that this package has: only then does it take our reader, and moves it. */
function isOfThisLibrary<T>(type: ProtobufType<T>): boolean {
  // A field 127, which is unknown to nearly every message, of no bytes.
  const reader = copyingReader(Uint8Array.of(0xfa, 0x07, 0), 0);
  try {
    type.decode(reader);
  } catch {
    // A required field is missing, or it takes bytes alone.
  }
  return reader.pos > 0;
}

function fullNameOf<T>(type: ProtobufType<T>): string | undefined {
  const name = "fullName" in type ? `${type.fullName as string}` : type.getTypeUrl?.("");
  return name?.replace(/^.*\//, "").replace(/^\./, "");
}

function unread(fullName: string, error: unknown): ProtobufError {
  if (error instanceof ProtobufError) return error;
  const problem = `the bytes are no ${fullName}: ${messageOf(error)}`;
  return new ProtobufError("MALFORMED", problem, { cause: error });
}

function unwritten(fullName: string, error: unknown): ProtobufError {
  if (error instanceof ProtobufError) return error;
  const problem = `the value is no ${fullName}: ${messageOf(error)}`;
  return new ProtobufError("INVALID_VALUE", problem, { cause: error });
}
